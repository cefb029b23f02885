"""A source's statements in one section of a child are replaced: a pending version, and the keys of head and pending."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from services.audit.ledger.domain.act import Act, ActState, Written
from services.audit.ledger.domain.calls import Call, NothingThere, Refused, about
from services.audit.ledger.domain.entry import ENTERED, Receipt, Section
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.own_involvements import ACT_BYTES, OwnAnnounced
from services.audit.ledger.domain.state_row import StateRow
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, new_act, with_keys
from services.audit.ledger.errors import RecordFull
from services.audit.ledger.release_rule import ReleaseRule
from services.runtime.errors import NotFound, NotPermitted

_STARTS, _ENDS = 1, 2


@dataclass(frozen=True, kw_only=True)
class WriteStatements:
    """Gives a source's statements a pending version."""

    handle: bytes
    section: Section
    source: bytes
    own: int
    """1: the child becomes the person's own when the act is done; 2: it stops being so; 0: as before."""
    involvement: bytes = b""
    """The involvement that is confirmed or ends; empty where none is, or one starts."""
    confirms: bool = False
    name = "write_statements"

    def numbers(self, keyring: Keyring) -> Iterable[int]:
        """Return the child that the handle names."""
        handle = keyring.open_handle(self.handle)
        return (handle.named if handle else 0,)

    def happen(self, call: Call, batch: Batch, rule: ReleaseRule, act_id: bytes) -> Effected:
        """Return the row with the pending version."""
        handle = batch.keyring.open_handle(self.handle)
        row = rule.named_child(call, batch, handle)
        with about(row):
            if row.is_limited and self.own != _STARTS:
                # (d) Whoever kept an involvement's id must not learn whether it is among what is hidden now.
                raise NothingThere("NOT_FOUND", NotFound())
            # (d) A writer replaces what the own organisation says, in the one section that acts of people write, and is
            # given no other key, whatever the directory asks for.
            rule.check_source(call, self.source)
            if self.section is not Section.SERVICES:
                raise Refused("STATEMENT_NOT_OWN", NotPermitted())
            statement = rule.pending_version(batch, row, self.section, self.source, act_id)
            is_first = row.statement(self.section, self.source) is None
            if is_first and not row.has_room_for(self.section):
                raise Refused("RECORD_FULL", RecordFull())
            entered_by = rule.start_own(call, batch, row) if self.own == _STARTS else ENTERED
        changed = row.with_statement(statement)
        act = new_act(
            call,
            batch,
            act_id,
            ActState.PENDING,
            source=self.source,
            written=(Written(row.number, (self.section,)),),
            number=row.number,
            by_whole_name=handle is not None and handle.by_whole_name,
            own=self.own,
        )
        return Effected(
            act=act,
            sections=(self.section,),
            children=(changed,),
            states=(self._announced(act_id),),
            rule=entered_by,
            answer=partial(with_keys, call, batch, act, changed),
        )

    def _announced(self, act_id: bytes) -> StateRow:
        """Return what is written of the involvement before anybody knows whether the act is done."""
        if not self.involvement or not (self.confirms or self.own == _ENDS):
            return None
        return OwnAnnounced(act_id[:ACT_BYTES], self.involvement, ends=self.own == _ENDS)

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return the keys again while the act is pending, else how it ended."""
        return with_keys(call, batch, act, batch.children.get(act.number), receipt)
