"""A custodian accepts that acts were lost; with a second one it is accepted, and heads may go down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import LossAccepted, Receipt
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, as_it_stands, new_act
from services.audit.ledger.release_rule import ReleaseRule


@dataclass(frozen=True, kw_only=True)
class AcceptLoss:
    """Counts as one of the two who accept exactly this loss."""

    lost_digest: bytes
    lost_count: int
    name = "accept_loss"

    def numbers(self, _: Keyring) -> Iterable[int]:
        """Return nothing: no child is concerned until heads are lowered."""
        return ()

    def happen(self, call: Call, batch: Batch, _: ReleaseRule, act_id: bytes) -> Effected:
        """Return the acceptance; who the person is, the registers count."""
        act = new_act(call, batch, act_id, ActState.DONE)
        return Effected(
            act=act,
            effect=LossAccepted(self.lost_digest, self.lost_count),
            answer=partial(as_it_stands, call, batch, act),
        )

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return that it has happened."""
        return as_it_stands(call, batch, act, receipt)
