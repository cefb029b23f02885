"""A child's record becomes limited, in the transaction of its entry: every later entry obeys it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import ChildLimited, Receipt
from services.audit.ledger.domain.key_row import KeyRow, State
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, as_it_stands, new_act
from services.audit.ledger.release_rule import ReleaseRule


@dataclass(frozen=True, kw_only=True)
class CloseChild:
    """Closes a record to all but its limited form."""

    handle: bytes | None
    number: int
    """Of an earlier act on the same case; used without a handle."""
    is_interim: bool
    name = "close_child"

    def numbers(self, keyring: Keyring) -> Iterable[int]:
        """Return the child."""
        if self.handle is None:
            return (self.number,)
        handle = keyring.open_handle(self.handle)
        return (handle.named if handle else 0,)

    def happen(self, call: Call, batch: Batch, rule: ReleaseRule, act_id: bytes) -> Effected:
        """Return the closed row; closing what is closed changes at most who closed it."""
        handle = None if self.handle is None else batch.keyring.open_handle(self.handle)
        number = self.number if self.handle is None else 0
        row = rule.child_to_close(call, batch, handle, number)
        closed = _closed(row, call.token.sub or "", is_interim=self.is_interim)
        act = new_act(
            call,
            batch,
            act_id,
            # What it does is done; that its row settles a moment later, like an act of the directory, tells a reader of
            # the database nothing about which of the two it was.
            ActState.PENDING,
            number=row.number,
            by_whole_name=handle is not None and handle.by_whole_name,
            settles_itself=True,
        )
        return Effected(
            act=act,
            effect=ChildLimited(is_interim=closed.state is State.LIMITED_INTERIM),
            children=(closed,),
            states=(None if row.is_limited else row.number,),
            answer=partial(as_it_stands, call, batch, act),
        )

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return that it has happened."""
        return as_it_stands(call, batch, act, receipt)


def _closed(row: KeyRow, person: str, *, is_interim: bool) -> KeyRow:
    """Return the row closed; for good only by a second person, and never less closed than before."""
    closed_by = row.closed_by if person in row.closed_by else (*row.closed_by, person)[:2]
    is_by_two = not is_interim and len(closed_by) > 1
    state = State.LIMITED if is_by_two or row.state is State.LIMITED else State.LIMITED_INTERIM
    return replace(row, state=state, closed_by=closed_by)
