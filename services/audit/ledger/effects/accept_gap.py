"""A custodian accepts a gap in the log; with a second one it is accepted, and the ledger discloses again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from services.audit.ledger import checkpoint
from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call, Refused
from services.audit.ledger.domain.entry import GapAccepted, Receipt
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, as_it_stands, new_act
from services.audit.ledger.errors import GapNotReady, NotThisGap
from services.audit.ledger.release_rule import ReleaseRule
from services.runtime.errors import NotPermitted


@dataclass(frozen=True, kw_only=True)
class AcceptGap:
    """Counts as one of the two who accept exactly this gap, with exactly what was re-entered."""

    gap_digest: bytes
    name = "accept_gap"

    def numbers(self, _: Keyring) -> Iterable[int]:
        """Return nothing: no child is concerned."""
        return ()

    def happen(self, call: Call, batch: Batch, _: ReleaseRule, act_id: bytes) -> Effected:
        """Return the acceptance; raises Refused for another gap, and while not all that is known was re-entered."""
        gap = batch.registers.gaps.open
        if gap is None or gap.name(checkpoint.origin_of(batch.keyring.environment)) != self.gap_digest:
            raise Refused("NOT_THIS_GAP", NotThisGap())
        if not gap.is_ready(batch.now):
            raise Refused("GAP_NOT_READY", GapNotReady())
        if ("person", call.token.sub) in gap.standings:
            # Whoever can write identity's database must not be able to make who accepts that.
            raise Refused("STANDING_REENTERED", NotPermitted())
        act = new_act(call, batch, act_id, ActState.DONE)
        return Effected(act=act, effect=GapAccepted(self.gap_digest), answer=partial(as_it_stands, call, batch, act))

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return that it has happened."""
        return as_it_stands(call, batch, act, receipt)
