"""A practitioner opens one child's home by a further press, for a reason of its own."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain import record
from services.directory.domain.claims import ChildClaim
from services.directory.domain.reasons import Reason
from services.directory.domain.record import HomeView
from services.directory.domain.statements import Section
from services.directory.ports import Receipt
from services.directory.use_cases.look_at_child import LookAtChild


@dataclass(frozen=True, kw_only=True)
class OpenedHome:
    """The home, a fresh handle, and the receipt of the look."""

    view: HomeView
    handle: bytes
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class OpenHome:
    """Shows where a child lives and with whom; of a limited record nothing."""

    look_at_child: LookAtChild

    def __call__(self, claim: ChildClaim, reason: Reason) -> OpenedHome:
        """Return the home; raises NotFound, RecordDamaged, InvalidRequest."""
        look, statements = self.look_at_child(claim, reason, Section.HOME)
        view = HomeView(is_limited=True) if look.is_limited else record.home(statements)
        return OpenedHome(view=view, handle=look.handle, receipt=look.receipt)
