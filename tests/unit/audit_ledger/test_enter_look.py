"""A look: the keys of one section, and an entry that says which."""

from __future__ import annotations

import pytest

from services.audit.ledger.domain.entry import Outcome, Section
from tests.fakes.audit_ledger import Ledger, Person
from tests.unit.audit_ledger.conftest import entries_of, last_entry


def test_services_open_identity_with_them(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)
    seen = ledger.look(nurse, entered.handle)
    assert (seen.number, seen.is_limited) == (entered.number, False)
    assert {key.version.section for key in seen.keys} == {Section.IDENTITY, Section.SERVICES}
    given = {(key.version.section, key.key) for key in entered.pending_keys}
    assert {(key.version.section, key.key) for key in seen.keys} <= given
    draft = last_entry(ledger).draft
    assert (draft.rule, draft.sections, draft.reason_code) == ("RELEASED", (1, 2), "SAFEGUARDING_CONCERN")


def test_the_home_is_a_look_of_its_own(ledger: Ledger, nurse: Person) -> None:
    seen = ledger.look(nurse, ledger.create(nurse).handle, method="OpenHome", section=Section.HOME)
    assert {key.version.section for key in seen.keys} == {Section.HOME}


def test_its_handle_is_good_for_the_next_look(ledger: Ledger, nurse: Person) -> None:
    first = ledger.look(nurse, ledger.create(nurse).handle)
    ledger.clock.move(600)
    second = ledger.look(nurse, first.handle)
    ledger.clock.move(600)
    assert ledger.look(nurse, second.handle).number == first.number


@pytest.mark.parametrize("handle", [b"\x5a" * 64, bytes(64)])
def test_what_is_no_handle_finds_nothing_and_is_entered(ledger: Ledger, nurse: Person, handle: bytes) -> None:
    before = len(entries_of(ledger))
    seen = ledger.look(nurse, handle)
    assert (seen.number, seen.keys, seen.handle) == (0, (), b"")
    assert len(entries_of(ledger)) == before + 1
    assert last_entry(ledger).draft.outcome is Outcome.EMPTY


def test_a_search_handle_opens_no_child(ledger: Ledger, nurse: Person) -> None:
    assert ledger.look(nurse, ledger.search(nurse).search_handle).number == 0


def test_keys_show_in_no_text(ledger: Ledger, nurse: Person) -> None:
    seen = ledger.look(nurse, ledger.create(nurse).handle)
    assert repr(seen.keys[0].key) not in repr(seen)
