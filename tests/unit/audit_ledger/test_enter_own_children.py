"""Own children: whose they are is in memory, fed by the log of states; one entry names what is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.audit.ledger.domain.entry import OWN_LISTED, Outcome, SubjectKind
from services.audit.ledger.domain.own_involvements import day_of, midnight_of
from services.audit.ledger.errors import PageTokenRefused, TokenSpent
from services.audit.ledger.release_rule import NOTHING_ELSE, WHOLE_NAME
from services.audit.ledger.use_cases.read_own_entries import ReadOwnEntries
from services.runtime.errors import NotFound, NotPermitted, StandingChanged
from tests.fakes.audit_ledger import Kept, Ledger, MemoryStore, Person, candidate, in_memory, with_ceilings
from tests.unit.audit_ledger.conftest import entries_of, last_entry

DAY = 24 * 3600.0


def listed(ledger: Ledger, who: Person) -> list[tuple[int, bytes]]:
    return [(one.number, one.involvement) for one in ledger.list_own(who).children]


def some_children(ledger: Ledger, how_many: int) -> list[int]:
    """Return new children: nobody creates more than a few a day."""
    return [ledger.create(who).number for who in (ledger.somebody() for _ in range(how_many))]


def renewed(ledger: Ledger, who: Person, days: float) -> Person:
    """Let days pass, and sign the same person in again."""
    ledger.clock.move(days * DAY)
    return ledger.sign_in(who.person, who.organisation, role=who.role, area=who.area)


def test_what_starts_is_listed_when_it_is_done_and_one_entry_names_it(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    assert listed(ledger, nurse) == []
    assert last_entry(ledger).draft.outcome is Outcome.EMPTY
    pending = ledger.write(nurse, ledger.look(nurse, number=number).handle, own=1)
    assert listed(ledger, nurse) == []
    ledger.settle(pending.act_id, is_done=False)
    assert listed(ledger, nurse) == []
    involvement = ledger.start_own(nurse, number)
    page = ledger.list_own(nurse)
    assert [(one.number, one.involvement) for one in page.children] == [(number, involvement)]
    assert page.children[0].last_confirmed_at == midnight_of(day_of(ledger.clock.now()))
    entry = last_entry(ledger)
    assert (entry.index, entry.draft.rule, entry.draft.outcome) == (page.receipt.index, OWN_LISTED, Outcome.ALLOWED)
    assert [one.kind for one in entry.subjects].count(SubjectKind.CHILD) == 1
    assert ledger.look(nurse, page.children[0].handle).number == number


def test_nobody_sees_anothers(ledger: Ledger, nurse: Person) -> None:
    ledger.start_own(nurse, ledger.create(nurse).number)
    assert listed(ledger, ledger.somebody()) == []


def test_whatever_was_confirmed_longest_ago_comes_first(ledger: Ledger, nurse: Person) -> None:
    numbers = [ledger.create(nurse).number for _ in range(3)]
    involvements = []
    who = nurse
    for number in numbers:
        involvements.append(ledger.start_own(who, number))
        who = renewed(ledger, who, 40)
    assert [number for number, _ in listed(ledger, who)] == numbers
    ledger.change_own(who, numbers[0], involvements[0], ends=False)
    assert [number for number, _ in listed(ledger, who)] == [numbers[1], numbers[2], numbers[0]]
    cut = ledger.clock.now() - timedelta(days=60)
    page = ledger.list_own(who, due_before=cut)
    assert [one.is_due for one in page.children] == [True, False, False]
    assert (page.counted.total, page.counted.due) == (3, 1)
    assert page.counted.oldest_confirmed_at == page.children[0].last_confirmed_at


def test_what_ends_is_gone_and_what_was_given_up_stays(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    involvement = ledger.start_own(nurse, number)
    ledger.change_own(nurse, number, involvement, ends=True, is_done=False)
    assert listed(ledger, nurse) == [(number, involvement)]
    ledger.change_own(nurse, number, involvement, ends=True)
    assert listed(ledger, nurse) == []


def test_a_colleague_who_ends_or_confirms_it_does_so_for_whose_it_is(ledger: Ledger, nurse: Person) -> None:
    colleague, number = ledger.somebody(), ledger.create(nurse).number
    first, second = ledger.start_own(nurse, number), ledger.start_own(nurse, number)
    own = ledger.start_own(colleague, number)
    ledger.change_own(colleague, number, first, ends=True)
    assert listed(ledger, nurse) == [(number, second)]
    ledger.look(nurse, number=number)
    assert last_entry(ledger).draft.rule == "OWN_INVOLVEMENT", "another involvement with the child is left"
    ledger.change_own(colleague, number, second, ends=True)
    assert listed(ledger, nurse) == []
    ledger.look(nurse, number=number)
    assert last_entry(ledger).draft.rule == "RELEASED"
    assert listed(ledger, colleague) == [(number, own)]


def test_the_release_before_does_not_say_which_one_ends(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    ledger.start_own(nurse, number)
    for more, left in ((0, []), (2, [number, number])):
        for _ in range(more):
            ledger.start_own(nurse, number)
        entered = ledger.write(nurse, ledger.look(nurse, number=number).handle, own=2)
        ledger.settle(entered.act_id)
        assert [found for found, _ in listed(ledger, nurse)] == left


def test_a_seventeenth_persons_is_found_too(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    people = [ledger.somebody() for _ in range(17)]
    involvements = [ledger.start_own(who, number) for who in people]
    ledger.change_own(people[0], number, involvements[-1], ends=True)
    assert listed(ledger, people[-1]) == []
    assert listed(ledger, people[0]) == [(number, involvements[0])]


def test_what_was_started_before_lists_comes_in_with_its_next_confirmation(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    involvement = ledger.start_own(nurse, number)
    tenure = ledger.writer._tenure
    assert tenure is not None
    tenure.registers.own._of.clear()
    assert listed(ledger, nurse) == []
    stranger = ledger.somebody()
    ledger.change_own(stranger, number, involvement, ends=False)
    assert listed(ledger, stranger) == []
    ledger.change_own(nurse, number, involvement, ends=False)
    assert listed(ledger, nurse) == [(number, involvement)]


def test_a_limited_child_is_in_no_part_of_the_answer(ledger: Ledger, nurse: Person) -> None:
    numbers = some_children(ledger, 22)
    for number in numbers:
        ledger.start_own(nurse, number)
    shown = {one.number for one in ledger.list_own(nurse).children}
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    ledger.close(police, number=next(iter(shown)))
    ledger.close(police, number=next(number for number in numbers if number not in shown))
    page = ledger.list_own(nurse)
    assert len(page.children) == 20
    assert not page.next_page_token
    assert (page.counted.total, ledger.count_own(nurse).total) == (20, 20)


def test_nothing_is_changed_among_what_is_hidden(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    ledger.start_own(nurse, number)
    ledger.close(ledger.somebody("ROLE_PROTECTION_PRACTITIONER"), number=number)
    handle = ledger.search(nurse, [candidate(number, claims=WHOLE_NAME | NOTHING_ELSE)]).slots[0].handle
    # Ending, confirming and marking alike: the answer would say whether an id is among what is hidden.
    for own in (0, 2):
        with pytest.raises(NotFound):
            ledger.write(nurse, handle, own=own)
        assert last_entry(ledger).draft.rule == "NOT_FOUND"
    # To say that one works with the child oneself reads nothing.
    assert ledger.write(nurse, handle, own=1).pending_keys


def test_pages_of_twenty_go_on_where_the_last_one_ended(ledger: Ledger, nurse: Person) -> None:
    numbers = set(some_children(ledger, 23))
    for number in numbers:
        ledger.start_own(nurse, number)
    first = ledger.list_own(nurse)
    second = ledger.list_own(nurse, first.next_page_token)
    assert (len(first.children), len(second.children), second.next_page_token) == (20, 3, b"")
    assert {one.number for one in (*first.children, *second.children)} == numbers
    assert first.counted == second.counted
    other = ledger.sign_in(nurse.person, nurse.organisation)
    for token, who in ((first.next_page_token, other), (b"invented", nurse), (first.next_page_token[:-1], nurse)):
        with pytest.raises(PageTokenRefused):
            ledger.list_own(who, token)
    assert last_entry(ledger).draft.rule == "PAGE_TOKEN_REFUSED"


def test_no_ceiling_counts_it_and_a_token_lists_once() -> None:
    plain = in_memory()
    plain.stop()
    ledger = in_memory(limits=with_ceilings(plain.limits, person_rows=1, person_opened=3, person_homes=2))
    ledger.found()
    who = ledger.somebody()
    for _ in range(2):
        entered = ledger.write(who, ledger.create(who).handle, own=1)
        ledger.settle(entered.act_id)
    for _ in range(3):
        assert len(listed(ledger, who)) == 2
    call = ledger.call(who, "directory:DirectoryService/ListOwnChildren", "EnterOwnChildren")
    ledger.list_own(who, call=call)
    with pytest.raises(TokenSpent):
        ledger.list_own(who, call=call)
    ledger.stop()


def test_another_role_method_or_an_old_standing_lists_nothing(ledger: Ledger, nurse: Person) -> None:
    ledger.start_own(nurse, ledger.create(nurse).number)
    for method, changed in (
        ("directory:DirectoryService/ListOwnChildren", {"rol": "ROLE_SHIELD_OFFICER"}),
        ("directory:DirectoryService/ListOwnChildren", {"rol": "ROLE_MEDIATOR"}),
        ("directory:DirectoryService/SearchChildren", {}),
        ("directory:DirectoryService/CountOwnChildren", {}),
    ):
        with pytest.raises(NotPermitted):
            ledger.list_own(nurse, call=ledger.call(nurse, method, "EnterOwnChildren", **changed))
    call = ledger.call(nurse, "directory:DirectoryService/ListOwnChildren", "EnterOwnChildren")
    stale = [(one._replace(digest="0" * 64) if one.kind == "person" else one) for one in call.token.std]
    with pytest.raises(StandingChanged):
        ledger.list_own(
            nurse,
            call=ledger.call(nurse, "directory:DirectoryService/ListOwnChildren", "EnterOwnChildren", std=tuple(stale)),
        )
    assert last_entry(ledger).draft.outcome is Outcome.REFUSED


def test_the_list_of_own_looks_tells_no_number_of_a_list_of_one(ledger: Ledger, nurse: Person) -> None:
    ledger.start_own(nurse, ledger.create(nurse).number)
    ledger.list_own(nurse)
    call = ledger.call(nurse, "audit.review:ReviewService/ListOwnLooks", "ReadOwnEntries")
    read = ReadOwnEntries(writer=ledger.writer, rule=ledger.rule, log=ledger.log)(call, 20, b"")
    assert read.entries[0].number == 0
    assert any(one.number for one in read.entries)


def test_the_next_leader_knows_them_all_and_what_was_under_way() -> None:
    kept = Kept()
    ledger = in_memory(kept)
    ledger.found()
    who = ledger.somebody()
    numbers = [ledger.create(who).number for _ in range(3)]
    involvements = [ledger.start_own(who, number) for number in numbers]
    ledger.change_own(who, numbers[0], involvements[0], ends=True)
    ending = ledger.write(who, ledger.look(who, number=numbers[1]).handle, own=2, involvement=involvements[1])
    sizes = {len(sealed) for _, sealed in kept.states}
    assert sizes == {60}, "no row is told from another by its size, nor from those of the release before"
    ledger.stop()
    after = in_memory(kept, clock=ledger.clock)
    after.standings = ledger.standings
    assert sorted(listed(after, who)) == sorted(zip(numbers[1:], involvements[1:], strict=True))
    after.settle(ending.act_id)
    assert listed(after, who) == [(numbers[2], involvements[2])]
    assert isinstance(after.store, MemoryStore)
    assert len(entries_of(after)) == len(after.store.kept.rows)
    after.stop()
