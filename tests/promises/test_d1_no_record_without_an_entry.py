"""D1: no record leaves without a durable audit entry first, whatever crashes."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from tests.support.crowd import CONCERN, OPEN_RECORD, Crowd, Told, handle_of, tell
from tests.support.doomed import LEDGERS_POSTGRES, Doomed, doomed_town
from tests.support.log_book import LogBook, Logged

CALLERS = 50
CALLS = 200
STRIKE_AFTER = 40
NOTICED_WITHIN_SECONDS = 30.0
MAY_BE_SAID = {"DEPENDENCY_UNAVAILABLE", "DEADLINE_EXCEEDED", "DEADLINE_TOO_SHORT", "UNAVAILABLE", "BUSY"}
Strike = Callable[[Doomed], AbstractContextManager[None]]


@pytest.fixture
def doomed(pytestconfig: pytest.Config) -> Doomed:
    return doomed_town(pytestconfig)


@contextmanager
def killed(doomed: Doomed) -> Iterator[None]:
    """The ledger dies."""
    doomed.suite.process("audit.ledger").kill()
    yield


@contextmanager
def stopped(doomed: Doomed) -> Iterator[None]:
    """The ledger stands still longer than any call may take, and then goes on."""
    process = doomed.suite.process("audit.ledger")
    process.kill(signal.SIGSTOP)
    try:
        yield
    finally:
        process.kill(signal.SIGCONT)


@contextmanager
def without_its_database(doomed: Doomed) -> Iterator[None]:
    """Every process of the ledger's PostgreSQL dies."""
    doomed.kill_postgres()
    yield


@contextmanager
def full(doomed: Doomed) -> Iterator[None]:
    """The ledger's disk is full; when there is room again, its PostgreSQL starts anew where it had to give up."""
    with doomed.disk.full():
        yield
    if not doomed.suite.process(LEDGERS_POSTGRES).is_healthy():
        doomed.suite.process(LEDGERS_POSTGRES).restart()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("strike", [killed, stopped, full, without_its_database], ids=lambda strike: strike.__name__)
def test_every_answer_has_its_entry(
    doomed: Doomed, strike: Strike, is_full: bool, record_property: Callable[[str, object], None]
) -> None:
    if strike is full and not doomed.disk.is_small:
        pytest.skip("a disk can be filled only where this user may mount a small one")
    if strike is without_its_database and not is_full:
        pytest.skip("A4 does the same in every run")
    opens = answers = 0
    for _ in range(5 if is_full else 1):
        told = told_during(doomed, strike)
        answered = [one for one in told if one.answer is not None]
        entries = LogBook(doomed.suite).read({one.index for one in answered})
        without = [one.index for one in answered if not is_in(entries.get(one.index), one)]
        assert not without, f"{len(without)} of {len(answered)} records left without a durable entry"
        assert len({one.index for one in answered}) == len(answered)
        assert {one.refusal for one in told if one.refusal} <= MAY_BE_SAID
        opens, answers = opens + len(told), answers + len(answered)
        doomed.wait_until_searches_answer()
    record_property("figure", f"{opens} opens, ledger {strike.__name__} amid: {answers} answered, 0 without an entry")


def test_the_log_is_whole_after_all_that(doomed: Doomed) -> None:
    assert LogBook(doomed.suite).check().startswith("ok: ")


def told_during(doomed: Doomed, strike: Strike) -> list[Told]:
    """Return what became of 200 opens or more, in the middle of which the ledger was struck."""
    seat = doomed.town.seat("nurse")
    story = doomed.town.living.story
    handles = [handle_of(seat.outside, child) for child in (story.worried_about, story.unique, story.limited)]
    requests = [pb.OpenRecordRequest(handle=handle, reason=CONCERN) for handle in handles]

    def opens(place: int) -> Callable[[], list[Told]]:
        request = requests[place % len(requests)]
        return lambda: [tell(seat.outside, seat.account.person_id, OPEN_RECORD, request, seconds=1.0)]

    crowd = Crowd()
    for place in range(CALLERS):
        crowd.does(opens(place))
    crowd.wait_until(lambda told: sum(one.answer is not None for one in told) >= STRIKE_AFTER, NOTICED_WITHIN_SECONDS)
    with strike(doomed):
        crowd.wait_until(lambda told: len(told) >= CALLS and any(one.refusal for one in told), NOTICED_WITHIN_SECONDS)
        told = crowd.disperse()
    doomed.wait_until_the_ledger_leads()
    return told


def is_in(found: Logged | None, told: Told) -> bool:
    """Whether the entry in the log is the one that the answer's receipt names, about that person and that child."""
    if found is None:
        return False
    draft = found.entry.draft
    about = frozenset({int(told.answer.number)})
    return (found.leaf, draft.act, draft.person, found.children) == (
        told.answer.receipt.leaf,
        OPEN_RECORD,
        told.person,
        about,
    )
