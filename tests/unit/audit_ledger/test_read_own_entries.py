"""One's own entries: with the number where it is one child's, and nobody else's."""

from __future__ import annotations

import pytest

from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import Section
from services.audit.ledger.errors import PageTokenRefused
from services.audit.ledger.use_cases.read_own_entries import OwnReading, ReadOwnEntries
from services.runtime.errors import NotPermitted
from tests.fakes.audit_ledger import Ledger, Person, candidate


def read(ledger: Ledger, who: Person, *, page_size: int = 0, page_token: bytes = b"") -> OwnReading:
    call = ledger.call(who, "audit.review:ReviewService/ListOwnLooks", "ReadOwnEntries")
    return ReadOwnEntries(writer=ledger.writer, rule=ledger.rule, log=ledger.log)(call, page_size, page_token)


def test_ones_own_looks_have_their_numbers_and_searches_have_none(ledger: Ledger, nurse: Person) -> None:
    first, second = ledger.create(nurse), ledger.create(nurse)
    ledger.search(nurse, [candidate(first.number), candidate(second.number, position=1)])
    ledger.look(nurse, first.handle)
    ledger.look(ledger.somebody(), number=first.number)
    found = read(ledger, nurse)
    acts = [(entry_format.decode(one.body).draft.act.rpartition("/")[2], one.number) for one in found.entries]
    assert acts[:3] == [("OpenRecord", first.number), ("SearchChildren", 0), ("CreateChild", second.number)]
    assert {entry_format.decode(one.body).draft.person for one in found.entries} == {nurse.person}


def test_a_search_that_showed_one_child_and_a_refused_look_tell_no_number(ledger: Ledger, nurse: Person) -> None:
    """A row shows no number, so the list of one's own acts must not hand out a thousand a day."""
    made = ledger.create(ledger.somebody())
    handle = ledger.search(nurse, [candidate(made.number)]).slots[0].handle
    with pytest.raises(NotPermitted):
        ledger.look(nurse, handle, section=Section.HOME)
    assert [one.number for one in read(ledger, nurse).entries] == [0, 0, 0]


def test_pages_follow_one_another(ledger: Ledger, nurse: Person) -> None:
    for _ in range(45):
        ledger.search(nurse)
    page = read(ledger, nurse)
    indexes = [entry_format.decode(one.body).index for one in page.entries]
    assert len(indexes) == 20
    while page.next_page_token:
        page = read(ledger, nurse, page_token=page.next_page_token)
        indexes += [entry_format.decode(one.body).index for one in page.entries]
    # 45 searches and the sign-in: what was read meanwhile is not in a list that began before.
    assert len(set(indexes)) == len(indexes) == 46


def test_whoever_may_not_read_reads_nothing(ledger: Ledger, nurse: Person) -> None:
    call = ledger.call(nurse, "directory:DirectoryService/OpenRecord", "ReadOwnEntries")
    with pytest.raises(NotPermitted):
        ReadOwnEntries(writer=ledger.writer, rule=ledger.rule, log=ledger.log)(call, 0, b"")


def test_another_lists_page_token_is_refused_and_the_log_goes_on(ledger: Ledger, nurse: Person) -> None:
    """Both lists seal their tokens alike, for the same session; one user's mistake must not end the writer's thread."""
    numbers = [ledger.create(who).number for who in (ledger.somebody() for _ in range(21))]
    for number in numbers:
        ledger.start_own(nurse, number)
    own_children = ledger.list_own(nurse).next_page_token
    assert own_children
    with pytest.raises(PageTokenRefused):
        read(ledger, nurse, page_token=own_children)
    looks = read(ledger, nurse, page_size=5).next_page_token
    with pytest.raises(PageTokenRefused):
        ledger.list_own(nurse, looks)
    assert read(ledger, nurse, page_size=5, page_token=looks).entries
