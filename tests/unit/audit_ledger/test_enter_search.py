"""A search: one size whatever was hidden, its entry, and the handle that a creation needs."""

from __future__ import annotations

import pytest

from services.audit.ledger import translate
from services.audit.ledger.domain.entry import Outcome, SubjectKind
from services.audit.ledger.domain.handle import HandleKind
from tests.fakes.audit_ledger import BOTH, Ledger, Person, candidate
from tests.unit.audit_ledger.conftest import entries_of, last_entry


def children_of(ledger: Ledger) -> int:
    return sum(subject.kind is SubjectKind.CHILD for subject in last_entry(ledger).subjects)


def test_it_shows_the_narrowest_tier_and_enters_who_was_shown(ledger: Ledger, nurse: Person) -> None:
    found = ledger.search(
        nurse, [candidate(11, position=3, tier=2), candidate(12, position=5), candidate(13, position=7)]
    )
    assert [slot.position for slot in found.slots[:3]] == [5, 7, None]
    keyring = ledger.writer.published().keyring
    handles = [keyring.open_handle(slot.handle) for slot in found.slots]
    assert [one.named if one else None for one in handles] == [12, 13, *[None] * 18]
    entry = last_entry(ledger)
    assert (entry.draft.outcome, entry.draft.rule, children_of(ledger)) == (Outcome.ALLOWED, "SHOWN", 2)


@pytest.mark.parametrize("count, shown, matched", [(20, 20, 20), (21, 0, 21), (64, 0, 64), (0, 0, 0)])
def test_above_twenty_nothing_is_shown_and_all_that_matched_is_entered(
    ledger: Ledger, nurse: Person, count: int, shown: int, matched: int
) -> None:
    found = ledger.search(nurse, [candidate(n + 1, position=n) for n in range(count)])
    assert sum(slot.position is not None for slot in found.slots) == shown
    assert found.add_details == (count > 20)
    assert children_of(ledger) == matched


@pytest.mark.promise("S1")
def test_the_answer_has_one_size(ledger: Ledger, nurse: Person) -> None:
    sizes = {
        len(translate.search_answer(ledger.search(nurse, [candidate(n + 1, position=n) for n in range(count)])).shown)
        for count in (0, 1, 20, 40)
    }
    assert sizes == {1320}


def test_too_little_shows_nothing(ledger: Ledger, nurse: Person) -> None:
    found = ledger.search(nurse, [candidate(1)], too_little=True)
    assert all(slot.position is None for slot in found.slots)
    assert not found.add_details
    assert (last_entry(ledger).draft.outcome, last_entry(ledger).draft.rule) == (Outcome.REFUSED, "TOO_LITTLE")


def test_the_search_handle_names_the_entry(ledger: Ledger, nurse: Person) -> None:
    found = ledger.search(nurse, [candidate(1), candidate(2, claims=0, tier=3)])
    handle = ledger.writer.published().keyring.open_handle(found.search_handle)
    assert handle is not None
    assert (handle.kind, handle.named) == (HandleKind.SEARCH, found.receipt.index)


def test_that_a_shown_record_is_limited_is_said(ledger: Ledger, nurse: Person) -> None:
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    entered = ledger.create(police)
    ledger.close(police, entered.handle)
    assert ledger.search(nurse, [candidate(entered.number, claims=BOTH)]).slots[0].is_limited
    for claims in (0, 1, 2):
        found = ledger.search(nurse, [candidate(entered.number, claims=claims)])
        assert found.slots[0].position is None
        assert (last_entry(ledger).draft.rule, children_of(ledger)) == ("NOTHING_FOUND", 0)


def test_no_row_of_a_child_is_read(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)
    ledger.store.kept.children.clear()  # type: ignore[attr-defined]  # the store in memory
    assert ledger.search(nurse, [candidate(entered.number)]).slots[0].position == 0


def test_candidates_come_out_of_their_slots() -> None:
    packed = (1234567897).to_bytes(5, "big") + bytes((2, 3, 0)) + bytes(8) + (7).to_bytes(5, "big") + bytes((1, 4, 0))
    found = translate.candidates(packed.ljust(512, b"\0"))
    assert [(one.position, one.number, one.tier, one.claims) for one in found] == [(0, 1234567897, 2, 3), (2, 7, 1, 4)]


def test_entries_say_nothing_in_the_clear(ledger: Ledger, nurse: Person) -> None:
    ledger.search(nurse, [candidate(n + 1, position=n) for n in range(20)])
    kept = ledger.store.kept  # type: ignore[attr-defined]  # the store in memory
    assert all(nurse.person.encode() not in row.sealed for row in kept.rows)
    assert len(kept.tags) == sum(len(entry.subjects) for entry in entries_of(ledger))
    assert {len(row.sealed) for row in kept.rows} <= {1024, 2048, 4096}
