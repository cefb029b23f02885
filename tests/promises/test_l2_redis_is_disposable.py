"""L2: Redis lost, hung, full or flushed: every decision is the same, and no call takes more than twice as long."""

from __future__ import annotations

import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import redis
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.population.story_searches import exact
from deploy.local.settlement.outside import Outside, Refused
from deploy.local.settlement.scenarios import search_request
from tests.support.crowd import CONCERN
from tests.support.figures import RecordProperty
from tests.support.living import Living
from tests.support.town import Town

pytestmark = [pytest.mark.promise("L2"), pytest.mark.timeout(300)]

CALLS = 60
AT_MOST = 2.0


def told(call: Callable[[], object]) -> str:
    """Return "yes", or the reason of the refusal."""
    try:
        call()
    except Refused as refused:
        return refused.reason
    return "yes"


def decisions(town: Town) -> dict[str, str]:
    """Return what a few people are told who may, or may not, do something."""
    nurse, auditor = town.seat("nurse"), town.seat("auditor")
    nobody = town.empty_seat(nurse.account)
    story = town.living.story
    wanted = search_request(exact(story.unique))
    stranger = identity.SignInRequest(username="nobody.at.all", password="none of yours at all", code="000000")

    def opened() -> object:
        handle = town.handle(nurse, exact(story.unique))
        return nurse.outside.call(
            nurse.outside.directory.OpenRecord, pb.OpenRecordRequest(handle=handle, reason=CONCERN)
        )

    def with_a_foreign_handle() -> object:
        handle = town.handle(town.seat("social.worker"), exact(story.unique))
        return nurse.outside.call(nurse.outside.directory.OpenHome, pb.OpenHomeRequest(handle=handle, reason=CONCERN))

    return {
        "a nurse searches": told(lambda: nurse.outside.call(nurse.outside.directory.SearchChildren, wanted)),
        "a nurse opens": told(opened),
        "with another's handle": told(with_a_foreign_handle),
        "with a surname alone": told(
            lambda: nurse.outside.call(
                nurse.outside.directory.SearchChildren, pb.SearchChildrenRequest(surname=story.unique.name.surname)
            )
        ),
        "an auditor searches": told(lambda: auditor.outside.call(auditor.outside.directory.SearchChildren, wanted)),
        "without a session": told(lambda: nobody.outside.call(nobody.outside.directory.SearchChildren, wanted)),
        "a stranger signs in": told(lambda: nobody.outside.call(nobody.outside.sign_in_service.SignIn, stranger)),
    }


def milliseconds(town: Town, nurse: Outside) -> float:
    """Return the median of as many searches, one after another."""
    wanted = search_request(exact(town.living.story.unique))
    spent = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        nurse.call(nurse.directory.SearchChildren, wanted)
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


@contextmanager
def lost(living: Living) -> Iterator[None]:
    """Have no Redis at all."""
    valkey = living.suite.process("valkey")
    valkey.stop()
    try:
        yield
    finally:
        valkey.start()


@contextmanager
def hung(living: Living) -> Iterator[None]:
    """Have a Redis that takes connections and never answers."""
    valkey = living.suite.process("valkey")
    valkey.kill(signal.SIGSTOP)
    try:
        yield
    finally:
        valkey.kill(signal.SIGCONT)


@contextmanager
def full(living: Living) -> Iterator[None]:
    """Have a Redis that refuses every write."""
    with redis.Redis.from_url(living.suite.redis_url) as client:
        before = {name: client.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        try:
            with pytest.raises(redis.RedisError):
                client.set("anything", "at all")
            yield
        finally:
            for name, value in before.items():
                client.config_set(name, value)


@contextmanager
def flushed(living: Living) -> Iterator[None]:
    """Have a Redis that has forgotten everything."""
    with redis.Redis.from_url(living.suite.redis_url) as client:
        client.flushall()
        yield


@pytest.mark.parametrize("fault", [lost, hung, full, flushed])
def test_no_decision_changes_and_nobody_waits(
    town: Town,
    living: Living,
    record_property: RecordProperty,
    fault: Callable[[Living], AbstractContextManager[None]],
) -> None:
    healthy = decisions(town)
    assert healthy["a nurse searches"] == healthy["a nurse opens"] == "yes"
    assert list(healthy.values()).count("yes") == 2
    # Somebody of this test's own: searches have a ceiling.
    nurse = town.newcomers_seat().outside
    before = milliseconds(town, nurse)
    with fault(living):
        assert decisions(town) == healthy
        during = milliseconds(town, nurse)
    after = milliseconds(town, nurse)
    # Both sides of the fault: a machine that grew slower meanwhile is not Redis's doing.
    ratio = during / max(before, after)
    record_property("figure", f"{fault.__name__}: no decision differs, a search takes {ratio:.2f} times as long")
    assert decisions(town) == healthy
    assert ratio <= AT_MOST
