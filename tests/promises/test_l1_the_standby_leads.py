"""L1: the audit's leader killed, stopped, cut off or rolled: a standby leads within 10 s, and nothing is lost."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb

from deploy.local.suite import Suite
from tests.support.cut import CutLine
from tests.support.log_book import LogBook
from tests.support.pair import LEDGERS, NEEDED, Pair, Told, refusal, wait_for

LEADS_WITHIN_SECONDS = 10.0
ROLLS_WITHIN_SECONDS = 1.0
POSTGRES_IS_BACK_WITHIN_SECONDS = 30.0
CHECKPOINT, LEAVES = pb.GetCheckpointRequest(), pb.ListLeavesRequest(page_size=1)

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="contactpoint-"))
    with Suite(folder / "suite", processes=NEEDED) as suite:
        yield Pair(suite)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def rounds(is_full: bool) -> int:
    return 10 if is_full else 1


def longest_silence(told: Told, since: float) -> float:
    """Return the longest time, from an instant on, in which nobody had a good answer."""
    came = sorted(came for _, came in told.answered_at)
    last = max((one for one in came if one < since), default=since)
    return max(b - a for a, b in zip([last, *came], came, strict=False) if b > since)


def test_both_are_ready_and_one_leads(pair: Pair) -> None:
    leader = pair.leader()
    assert pair.leaders() == [leader]
    assert all(pair.says(name) for name in LEDGERS)


def test_a_standby_answers_nothing(pair: Pair) -> None:
    standby = pair.other(pair.leader())
    assert refused(pair, standby) == ["NOT_LEADING"] * 3


def refused(pair: Pair, name: str) -> list[str]:
    """Return how a process refuses to write, and to show its checkpoint and its leaves."""
    reasons = []
    for caller, method, request in (
        ("identity", "EnterRefusals", refusal()),
        ("audit.review", "GetCheckpoint", CHECKPOINT),
        ("audit.review", "ListLeaves", LEAVES),
    ):
        try:
            pair.ask(name, method, request, as_process=caller)
        except grpc.RpcError as error:
            reasons.append(str(error.details()))
        else:
            reasons.append("answered")
    return reasons


@pytest.mark.timeout(300)
def test_a_leader_that_is_killed(pair: Pair, rounds: int, record_property: Record) -> None:
    seconds = []
    with pair.callers() as told:
        for _ in range(rounds):
            leader, at = pair.leader(), time.monotonic()
            pair.process(leader).kill()
            seconds.append(wait_for(told, after=at))
            pair.process(leader).wait_healthy()
    pair.nothing_lost(told)
    assert max(seconds) < LEADS_WITHIN_SECONDS
    record_property("figure", f"leader killed {rounds} times: next answer after at most {max(seconds):.1f} s")


@pytest.mark.timeout(300)
def test_a_leader_that_stands_still_and_wakes(pair: Pair, rounds: int, record_property: Record) -> None:
    seconds = []
    with pair.callers() as told:
        for _ in range(rounds):
            leader, at = pair.leader(), time.monotonic()
            with pair.stopped(leader):
                seconds.append(wait_for(told, after=at))
                wait_for(told, after=time.monotonic(), answers=20)
            # It wakes with its connection, its memory, and the belief that it leads.
            assert refused(pair, leader) == ["NOT_LEADING"] * 3
            wait_for(told, after=time.monotonic(), answers=20)
    pair.nothing_lost(told)
    assert max(seconds) < LEADS_WITHIN_SECONDS
    record_property("figure", f"leader stopped {rounds} times: next answer after at most {max(seconds):.1f} s")


@pytest.mark.timeout(300)
def test_a_leader_that_is_cut_off_from_its_database(pair: Pair, rounds: int, record_property: Record) -> None:
    seconds = []
    first, second = LEDGERS
    direct = str(pair.suite.config(second)["database_url"])
    with CutLine(str(pair.suite.config(first)["database_url"])) as line:
        pair.suite.restart_with(second, {"database_url": direct})
        pair.suite.restart_with(first, {"database_url": line.url})
        for _ in range(rounds):
            make_leader(pair, first)
            with pair.callers() as told:
                at = time.monotonic()
                line.cut()
                seconds.append(wait_for(told, after=at))
                assert refused(pair, first) == ["NOT_LEADING"] * 3
                line.mend()
                wait_for(told, after=time.monotonic(), answers=20)
            pair.nothing_lost(told)
        pair.suite.restart_with(first, {"database_url": None})
    assert max(seconds) < LEADS_WITHIN_SECONDS
    record_property("figure", f"leader cut off {rounds} times: next answer after at most {max(seconds):.1f} s")


def make_leader(pair: Pair, name: str) -> None:
    """Let a certain one of the two lead."""
    if (leader := pair.leader()) != name:
        pair.process(leader).restart()
        assert pair.leader() == name


@pytest.mark.timeout(300)
def test_a_leader_that_is_rolled(pair: Pair, rounds: int, record_property: Record) -> None:
    silences = []
    with pair.callers() as told:
        for _ in range(rounds):
            leader, at = pair.leader(), time.monotonic()
            pair.process(leader).restart()
            wait_for(told, after=time.monotonic(), answers=20)
            silences.append(longest_silence(told, at))
    pair.nothing_lost(told)
    assert not told.refused
    assert max(silences) < ROLLS_WITHIN_SECONDS
    record_property("figure", f"leader rolled {rounds} times: 0 calls failed, at most {max(silences):.2f} s silence")


@pytest.mark.timeout(300)
def test_postgresql_that_is_killed(pair: Pair, rounds: int, record_property: Record) -> None:
    seconds = []
    with pair.callers() as told:
        for _ in range(rounds):
            pair.leader()
            at = time.monotonic()
            pair.suite.process("postgres").kill()
            seconds.append(wait_for(told, after=at))
            pair.suite.process("postgres").wait_healthy()
            wait_for(told, after=time.monotonic(), answers=20)
    pair.nothing_lost(told)
    assert max(seconds) < POSTGRES_IS_BACK_WITHIN_SECONDS
    record_property("figure", f"PostgreSQL killed {rounds} times: next answer after at most {max(seconds):.1f} s")


@pytest.mark.timeout(300)
def test_two_that_both_believe_they_lead_never_both_acknowledge(
    pair: Pair, is_full: bool, record_property: Record
) -> None:
    """The leader is paused and woken again and again, for about as long as its lease: it wakes in every moment."""
    pauses = [4.0 + 0.25 * step for step in range(12)] if is_full else [5.0]
    with pair.callers(2.0) as told:
        for pause in pauses:
            leader = pair.leader()
            pair.process(leader).kill(signal.SIGSTOP)
            time.sleep(pause)
            pair.process(leader).kill(signal.SIGCONT)
            wait_for(told, after=time.monotonic(), answers=50)
    pair.nothing_lost(told)
    LogBook(pair.suite).check()
    record_property(
        "figure", f"{len(pauses)} pauses about a lease long, {len(told.receipts)} receipts, 0 lost, 0 twice"
    )
