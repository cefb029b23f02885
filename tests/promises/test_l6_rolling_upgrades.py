"""L6: each process is restarted, and replaced by the previous release of itself, amid journeys: no call fails."""

from __future__ import annotations

import dataclasses
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import grpc
import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from deploy.local.processes import PROCESSES, Process
from deploy.local.settlement.outside import Outside, Refused
from deploy.local.suite import Suite
from services.runtime.peers import server_name
from tests.support.crowd import CONCERN, Crowd, Told, whole_name
from tests.support.figures import RecordProperty
from tests.support.living import Living, start_living
from tests.support.log_book import LogBook
from tests.support.previous_release import NoHistory, PreviousRelease

pytestmark = [pytest.mark.promise("L6"), pytest.mark.timeout(900)]

CALLERS = 4
TRIES = 5
PAUSE_SECONDS = 0.25
# CANCELLED without a reason of ours: gRPC's word for a call that came as its server ended, and that nobody had begun.
MAY_BE_TRIED_AGAIN = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED", "CANCELLED"}
UNHURRIED = {
    f"ceilings.{kind}.{counted}": 50_000_000
    for kind, counts in {"person": ("opened", "rows", "homes", "searches"), "organisation": ("opened", "rows")}.items()
    for counted in counts
}


def twins() -> tuple[Process, ...]:
    """Return every process that calls pass through, twice, as a cluster has it."""
    seconds = (
        dataclasses.replace(one, name=f"{one.name}.second", stands_by=one.name, has_database=False)
        for one in PROCESSES
        if not one.faces_browsers
    )
    return (*PROCESSES, *seconds)


@pytest.fixture(scope="module")
def living() -> Iterator[Living]:
    """Return a suite in which everything is there twice."""
    with tempfile.TemporaryDirectory(prefix="contactpoint-") as folder:
        made = start_living(Path(folder) / "suite", children=200, limits=UNHURRIED, processes=twins())
        try:
            yield made
        finally:
            made.suite.stop()


@pytest.fixture(scope="module")
def previous() -> Iterator[PreviousRelease]:
    """Return the previous release."""
    with tempfile.TemporaryDirectory(prefix="contactpoint-release-") as folder:
        try:
            yield PreviousRelease.check_out(Path(folder))
        except NoHistory:
            pytest.skip("the previous release is in the history of a clone, and this tree has none")


def test_restarted_one_after_another(living: Living, is_full: bool, record_property: RecordProperty) -> None:
    names = [one.name for one in living.suite.plan.processes if not one.faces_browsers]
    if not is_full:
        names = [name for name in names if name.removesuffix(".second") in {"gateway.edge", "audit.ledger"}]
    with_everyone(living, [partial(restart, living.suite, name) for name in names], record_property)


def test_replaced_by_the_previous_release_in_any_order(
    living: Living, previous: PreviousRelease, is_full: bool, record_property: RecordProperty
) -> None:
    processes = [one for one in living.suite.plan.processes if one.stands_by and previous.has(one.module)]
    assert processes
    random.Random(6).shuffle(processes)
    if not is_full:
        # The edge speaks to everyone and the ledger is spoken to by everyone: the two whose neighbours differ most.
        processes = [one for one in processes if one.kind in {"gateway.edge", "audit.ledger", "directory"}]

    def replace(name: str) -> None:
        with previous.in_place_of(living.suite, name):
            time.sleep(3.0 if is_full else 1.5)

    with_everyone(living, [partial(replace, one.name) for one in processes], record_property)


def test_old_and_new_run_side_by_side(
    living: Living, previous: PreviousRelease, is_full: bool, record_property: RecordProperty
) -> None:
    """Half of everything is of the previous release at the same time."""
    if not is_full:
        pytest.skip("at full size: it takes a minute")
    names = [one.name for one in living.suite.plan.processes if one.stands_by and previous.has(one.module)]

    def all_of(left: list[str]) -> None:
        if not left:
            time.sleep(10.0)
            return
        with previous.in_place_of(living.suite, left[0]):
            all_of(left[1:])

    with_everyone(living, [partial(all_of, names)], record_property)


def restart(suite: Suite, name: str) -> None:
    """Restart one process, politely, and return when it is healthy."""
    suite.process(name).restart()


def is_further(wanted: int, told: list[Told]) -> bool:
    """Whether so many calls have been told of."""
    return len(told) >= wanted


def with_everyone(living: Living, changes: list[Callable[[], None]], record_property: RecordProperty) -> None:
    """Make the changes amid journeys, and hold what everyone was told against the log."""
    crowd, tries = Crowd(), Counter[int]()
    for place in range(CALLERS):
        crowd.does(journeys(living, place, tries))
    crowd.wait_until(lambda told: len(told) >= 4 * CALLERS)
    for change in changes:
        change()
        reached = len(crowd.told)
        crowd.wait_until(partial(is_further, reached + 2 * CALLERS))
    told = crowd.disperse()
    answered = [one for one in told if one.answer is not None]
    entries = LogBook(living.suite).read({one.index for one in answered})
    without = [
        one for one in answered if one.index not in entries or entries[one.index].leaf != one.answer.receipt.leaf
    ]
    again = sum(number * times for number, times in tries.items())
    record_property(
        "figure",
        f"{len(changes)} changes amid {len(told)} calls: {len(told) - len(answered)} failed, {again} repeated"
        f" (at most {max(tries)} times), {len(without)} without an entry",
    )
    assert not [one.refusal for one in told if one.refusal]
    assert not without
    assert len({one.index for one in answered}) == len(answered)


def journeys(living: Living, place: int, tries: Counter[int]) -> Callable[[], list[Told]]:
    """Return one person's journeys: find a child, open the record, open the home; each call until it is answered."""
    username = ("nurse", "health.visitor", "social.worker", "constable")[place % 4]
    account = living.cast.accounts[username]
    outside = Outside(both_edges(living.suite, account.organisation))
    outside.sign_in(account)
    story = living.story
    children = [story.unique, story.worried_about]

    def journey() -> list[Told]:
        child = random.choice(children)
        searched = persistent(outside, "SearchChildren", whole_name(child), tries)
        if searched.answer is None:
            return [searched]
        handle = searched.answer.rows[0].handle
        record = persistent(outside, "OpenRecord", pb.OpenRecordRequest(handle=handle, reason=CONCERN), tries)
        home = persistent(outside, "OpenHome", pb.OpenHomeRequest(handle=handle, reason=CONCERN), tries)
        return [searched, record, home]

    return journey


def persistent(outside: Outside, method: str, request: object, tries: Counter[int]) -> Told:
    """Return what became of a call that its caller repeats a few times where that is asked for."""
    began = time.monotonic()
    refusal = ""
    for number in range(TRIES):
        try:
            answer = outside.call(getattr(outside.directory, method), request)
        except Refused as refused:
            refusal = f"{method}: {refused.status} {refused.reason}"
            if refused.status not in MAY_BE_TRIED_AGAIN:
                break
            time.sleep(PAUSE_SECONDS * 2**number)
        else:
            tries[number] += 1
            return Told(method, "", began, time.monotonic(), answer=answer)
    tries[TRIES] += 1
    return Told(method, "", began, time.monotonic(), refusal=refusal)


def both_edges(suite: Suite, organisation: str) -> grpc.Channel:
    """Return an organisation's channel to whichever edge is there."""
    endpoints = suite.endpoints()
    found = endpoints["organisation_certificates"][organisation]
    credentials = grpc.ssl_channel_credentials(
        Path(endpoints["ca"]).read_bytes(), Path(found["key"]).read_bytes(), Path(found["cert"]).read_bytes()
    )
    edges = (suite.port("gateway.edge"), suite.port("gateway.edge.second"))
    options = [
        ("grpc.ssl_target_name_override", server_name("gateway.edge")),
        ("grpc.lb_policy_name", "round_robin"),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_reconnect_backoff_ms", 500),
    ]
    return grpc.secure_channel("ipv4:" + ",".join(f"127.0.0.1:{port}" for port in edges), credentials, options=options)
