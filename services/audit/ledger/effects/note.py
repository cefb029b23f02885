"""Nothing changes in the ledger: the act is entered, about a child or about none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import Receipt
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, as_it_stands, new_act
from services.audit.ledger.release_rule import ReleaseRule


@dataclass(frozen=True, kw_only=True)
class Note:
    """Enters an act that has no effect here."""

    handle: bytes
    """Empty: by number, or about no child."""
    number: int
    name = "note"

    def numbers(self, keyring: Keyring) -> Iterable[int]:
        """Return the child, if there is one."""
        if not self.handle:
            return (self.number,) if self.number else ()
        handle = keyring.open_handle(self.handle)
        return (handle.named if handle else 0,)

    def happen(self, call: Call, batch: Batch, rule: ReleaseRule, act_id: bytes) -> Effected:
        """Return the act, about the child if one is named; raises NothingThere if there is none such for the caller."""
        handle = batch.keyring.open_handle(self.handle) if self.handle else None
        number = 0
        if self.handle:
            number = rule.named_child(call, batch, handle).number
        elif self.number:
            number = rule.child_to_close(call, batch, None, self.number).number
        act = new_act(
            call,
            batch,
            act_id,
            ActState.DONE,
            number=number,
            by_whole_name=handle is not None and handle.by_whole_name,
        )
        return Effected(act=act, answer=partial(as_it_stands, call, batch, act))

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return that it has happened."""
        return as_it_stands(call, batch, act, receipt)
