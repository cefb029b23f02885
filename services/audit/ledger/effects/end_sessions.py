"""Sessions of the person who acts end; their tokens are worthless from the entry on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import Receipt, SessionsEnded
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, as_it_stands, new_act
from services.audit.ledger.release_rule import ReleaseRule


@dataclass(frozen=True, kw_only=True)
class EndSessions:
    """Ends sessions of one's own; tags of anybody else's do nothing."""

    session_tags: tuple[str, ...]
    is_every: bool
    name = "end_sessions"

    def numbers(self, _: Keyring) -> Iterable[int]:
        """Return nothing: no child is concerned."""
        return ()

    def happen(self, call: Call, batch: Batch, _: ReleaseRule, act_id: bytes) -> Effected:
        """Return the end."""
        person = call.token.sub or ""
        own = batch.registers.sessions_of(person)
        ended = own if self.is_every else own.intersection(self.session_tags)
        act = new_act(call, batch, act_id, ActState.DONE)
        return Effected(
            act=act,
            effect=SessionsEnded(tuple(sorted(ended)), person, self.is_every),
            answer=partial(as_it_stands, call, batch, act),
        )

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return that it has happened."""
        return as_it_stands(call, batch, act, receipt)
