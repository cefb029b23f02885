"""A search: what is hidden is dropped, the entry written, and a handle minted for each child that is left."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.calls import Call, child, draft_of, entering_refusals
from services.audit.ledger.domain.entry import Outcome, Receipt, SearchEntered
from services.audit.ledger.domain.handle import HANDLE_BYTES, Handle, HandleKind
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.release_rule import MOST_SHOWN, WHOLE_NAME, Candidate, ReleaseRule, Shown


@dataclass(frozen=True, kw_only=True)
class AskedSearch:
    """What a search says of itself."""

    candidates: tuple[Candidate, ...]
    """Best first."""
    criteria_digest: bytes
    name_and_date_only: bool
    too_little: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """One row that may be shown; without a candidate its handle is random bytes."""

    position: int | None
    is_limited: bool
    handle: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What the entry allows, always in as many slots."""

    receipt: Receipt
    slots: tuple[Slot, ...]
    search_handle: bytes
    add_details: bool


@dataclass(frozen=True, kw_only=True)
class EnterSearch:
    """Enters searches."""

    writer: Writer
    rule: ReleaseRule

    def __call__(self, call: Call, asked: AskedSearch) -> Searched:
        """Return what may be shown, once the entry is durable; raises what the release rule refuses with."""
        return self.writer.write(_Work(call, asked, self.rule))


@dataclass(frozen=True)
class _Work:
    call: Call
    asked: AskedSearch
    rule: ReleaseRule

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        return ()

    def numbers(self, _: Keyring, __: Mapping[bytes, Act]) -> Iterable[int]:
        # No statement of a search names a candidate: what is limited is known by heart.
        return ()

    def decide(self, batch: Batch) -> Decision[Searched]:
        return entering_refusals(self.call, batch, lambda: self._shown(batch))

    def _shown(self, batch: Batch) -> Decision[Searched]:
        asked, session = self.asked, self.call.token.sid or ""
        shown = self.rule.show(self.call, batch, asked.candidates, too_little=asked.too_little)
        # All that agree with the whole name, limited or not yet: a creation from this search judges them as of then.
        alike = tuple(one.number for one in asked.candidates if one.claims & WHOLE_NAME)
        effect = SearchEntered(
            criteria_digest=asked.criteria_digest,
            name_and_date_only=asked.name_and_date_only and not asked.too_little,
            add_details=shown.add_details,
            sealed_candidates=batch.keyring.seal_candidates(session, alike),
        )
        # As of this search's place in the log, whatever else is decided before the commit.
        limited = frozenset(one.number for one in shown.candidates if one.number in batch.registers.limited)
        outcome, rule = _outcome(shown, too_little=asked.too_little)
        draft = draft_of(
            self.call,
            batch,
            outcome=outcome,
            rule=rule,
            about=[child(one.number) for one in shown.matched],
            effect=effect,
        )

        def answer(receipts: tuple[Receipt, ...]) -> Searched:
            minted_at_ms = int(batch.now.timestamp() * 1000)
            search = Handle(HandleKind.SEARCH, receipts[-1].index, session, minted_at_ms)
            return Searched(
                receipt=receipts[-1],
                slots=_slots(batch.keyring, shown, limited, session, minted_at_ms),
                search_handle=batch.keyring.mint(search),
                add_details=shown.add_details,
            )

        return Decision(entries=(draft,), answer=answer)


def _slots(
    keyring: Keyring, shown: Shown, limited: frozenset[int], session: str, minted_at_ms: int
) -> tuple[Slot, ...]:
    filled = [
        Slot(
            one.position,
            one.number in limited,
            keyring.mint(
                Handle(HandleKind.CHILD, one.number, session, minted_at_ms, by_whole_name=one.is_by_whole_name)
            ),
        )
        for one in shown.candidates
    ]
    rest = os.urandom(HANDLE_BYTES * (MOST_SHOWN - len(filled)))
    empty = (rest[at : at + HANDLE_BYTES] for at in range(0, len(rest), HANDLE_BYTES))
    return (*filled, *(Slot(position=None, is_limited=False, handle=handle) for handle in empty))


def _outcome(shown: Shown, *, too_little: bool) -> tuple[Outcome, str]:
    if too_little:
        return Outcome.REFUSED, "TOO_LITTLE"
    if shown.add_details:
        return Outcome.REFUSED, "ADD_DETAILS"
    if not shown.candidates:
        return Outcome.EMPTY, "NOTHING_FOUND"
    return Outcome.ALLOWED, "SHOWN"
