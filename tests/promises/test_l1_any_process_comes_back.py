"""L1: any one process killed is back in 5 s, PostgreSQL in 30 s, and nobody has to sign in again."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding

from deploy.local.fault import Fault
from deploy.local.processes import PROCESSES
from deploy.local.settlement.outside import Refused, new_key
from tests.support.crowd import whole_name
from tests.support.doomed import LEDGERS_POSTGRES, Doomed, doomed_town
from tests.support.log_book import LogBook

BACK_WITHIN_SECONDS = 5.0
POSTGRES_IS_BACK_WITHIN_SECONDS = 30.0
_GIVEN_UP_SECONDS = 60.0

Record = Callable[[str, object], None]


@pytest.fixture
def doomed(pytestconfig: pytest.Config) -> Doomed:
    return doomed_town(pytestconfig)


def pace() -> float:
    """How much longer than its own work takes the start of a process lasts on this machine now, at least 1.

    The figure is of a machine with nothing else to do; on one that is shared it is kept in proportion.
    """
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import grpc, sqlalchemy, opentelemetry.sdk.trace"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return max(1.0, (time.monotonic() - began) / worked)


def use_of(doomed: Doomed, process: str) -> Callable[[], object]:
    """Return a call that goes through a process and comes back."""
    nurse, officer = doomed.town.seat("nurse").outside, doomed.town.seat("shield.officer").outside
    match process:
        case "shielding":
            return lambda: officer.call(
                officer.shielding.ListShieldCases, shielding.ListShieldCasesRequest(idempotency_key=new_key())
            )
        case "audit.review":
            return lambda: nurse.call(nurse.review.ListOwnLooks, review.ListOwnLooksRequest())
        case "gateway.web":
            return lambda: doomed.suite.process(process).wait_healthy(0.1)
        case _:
            wanted = whole_name(doomed.town.living.story.unique)
            return lambda: nurse.call(nurse.directory.SearchChildren, wanted)


def back_after(use: Callable[[], object], at: float) -> float:
    """Return how long after an instant a call comes back well."""
    while time.monotonic() - at < _GIVEN_UP_SECONDS:
        with suppress(Refused, Fault):
            use()
            return time.monotonic() - at
        time.sleep(0.02)
    raise AssertionError("it does not come back")


@pytest.mark.timeout(400)
def test_any_process_that_is_killed(doomed: Doomed, is_full: bool, record_property: Record) -> None:
    found: dict[str, float] = {}
    slow: dict[str, str] = {}
    paces = []
    for process in [one.name for one in PROCESSES] * (3 if is_full else 1):
        use = use_of(doomed, process)
        use()
        # Without the supervisor's growing patience with what dies again and again.
        doomed.suite.process(process).start()
        paces.append(pace())
        allowed = BACK_WITHIN_SECONDS * paces[-1]
        at = time.monotonic()
        doomed.suite.process(process).kill()
        seconds = back_after(use, at)
        found[process] = max(found.get(process, 0.0), seconds)
        if seconds > allowed:
            slow[process] = f"{seconds:.1f} s instead of {allowed:.1f} s"
    assert not slow
    worst = max(found, key=lambda process: found[process])
    busy = f"on a machine {min(paces):.1f} to {max(paces):.1f} times as slow as an idle one"
    record_property(
        "figure", f"{len(found)} processes killed: the slowest back is {worst}, {found[worst]:.1f} s, {busy}"
    )


@pytest.mark.timeout(300)
def test_a_postgresql_that_is_killed(doomed: Doomed, record_property: Record) -> None:
    found = {}
    for name in ("postgres", LEDGERS_POSTGRES):
        use = use_of(doomed, "directory")
        doomed.suite.process(name).start()
        at = time.monotonic()
        doomed.suite.process(name).kill()
        found[name] = back_after(use, at)
    assert max(found.values()) < POSTGRES_IS_BACK_WITHIN_SECONDS
    doomed.suite.process(LEDGERS_POSTGRES).wait_healthy()
    LogBook(doomed.suite).check()
    record_property("figure", f"PostgreSQL killed: searches answer again after at most {max(found.values()):.1f} s")
