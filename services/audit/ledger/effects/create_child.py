"""A child enters the directory: a number, a root key, and pending versions for what the directory will write."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from services.audit.ledger.domain import numbers
from services.audit.ledger.domain.act import Act, ActState, Written
from services.audit.ledger.domain.calls import Call, Refused
from services.audit.ledger.domain.entry import CREATED, Receipt, Section
from services.audit.ledger.domain.key_row import KeyRow, State, Statement
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, new_act, with_keys
from services.audit.ledger.errors import SearchNeeded
from services.audit.ledger.release_rule import WHOLE_NAME, Candidate, ReleaseRule
from services.runtime.errors import BeingChanged

_DRAWN = 4
"""With eleven million of nine hundred million numbers given away, four are all taken once in 40 million creations."""


@dataclass(frozen=True, kw_only=True)
class CreateChild:
    """Creates the key row of a child."""

    search_handle: bytes
    criteria_digest: bytes
    candidates: tuple[Candidate, ...]
    source: bytes
    sections: tuple[Section, ...]
    authority: str
    drawn: tuple[int, ...] = field(default_factory=lambda: tuple(numbers.draw() for _ in range(_DRAWN)))
    name = "create_child"

    def numbers(self, _: Keyring) -> Iterable[int]:
        """Return the numbers drawn: one that has no row is given away."""
        return self.drawn

    def happen(self, call: Call, batch: Batch, rule: ReleaseRule, act_id: bytes) -> Effected:
        """Return the new row; limited, with the same answer, if the child meets a limited one by its whole name."""
        rule.check_source(call, self.source)
        met = self._met(call, batch, rule)
        # (c) Namesakes made up by the dozen would hide a real child behind "add details".
        rule.check_ceilings(call, batch, created=1)
        number = free_number(batch, self.drawn)
        is_limited = not met.isdisjoint(batch.registers.limited)
        row = KeyRow(
            number=number,
            root_key=os.urandom(32),
            state=State.LIMITED_INTERIM if is_limited else State.OPEN,
            authority=self.authority,
            statements=tuple(Statement(section, self.source, 0, 1, act_id) for section in self.sections),
        )
        written = (Written(number, self.sections),)
        act = new_act(
            call,
            batch,
            act_id,
            ActState.PENDING,
            source=self.source,
            written=written,
            number=number,
            # Whoever creates a record has given its whole name.
            by_whole_name=True,
        )
        return Effected(
            act=act,
            sections=self.sections,
            children=(row,),
            states=(number if is_limited else None,),
            rule=CREATED,
            answer=partial(with_keys, call, batch, act, row),
        )

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return the keys again while the act is pending, else how it ended."""
        return with_keys(call, batch, act, batch.children.get(act.number), receipt)

    def _met(self, call: Call, batch: Batch, rule: ReleaseRule) -> set[int]:
        """Return who agrees with the whole name, in the search named or in its repetition; raises Refused."""
        index = rule.search_index(call, batch, batch.keyring.open_handle(self.search_handle))
        search = None if index is None else batch.registers.search(index)
        if search is None or search.session_tag != call.token.sid:
            raise Refused("SEARCH_NEEDED", SearchNeeded())
        effect = search.effect
        if not effect.name_and_date_only or effect.add_details or effect.criteria_digest != self.criteria_digest:
            raise Refused("SEARCH_NEEDED", SearchNeeded())
        then = batch.keyring.open_candidates(search.session_tag, effect.sealed_candidates)
        return {*then, *(one.number for one in self.candidates if one.claims & WHOLE_NAME)}


def free_number(batch: Batch, drawn: Iterable[int], taken: frozenset[int] = frozenset()) -> int:
    """Return the first of the numbers drawn that no child has, or ever had; raises Refused if there is none."""
    for number in drawn:
        if number not in batch.children and number not in taken:
            return number
    raise Refused("NUMBERS_TAKEN", BeingChanged())
