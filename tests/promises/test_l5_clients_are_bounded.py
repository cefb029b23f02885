"""L5: whatever a client says, deadlines, sizes, streams and metadata are bounded; honest callers hardly notice."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import pytest

from deploy.local.layout import PROJECT
from deploy.local.population.story_searches import exact
from deploy.local.settlement.outside import Outside, Refused, refusal_of
from deploy.local.settlement.scenarios import search_request
from services.runtime.interceptors.limits import LARGEST_MESSAGE_BYTES, LARGEST_METADATA_BYTES
from tests.support.crowd import SEARCH
from tests.support.figures import RecordProperty
from tests.support.hostile_http2 import ATTACKS
from tests.support.raw_calls import raw_call
from tests.support.town import Town

pytestmark = [pytest.mark.promise("L5"), pytest.mark.timeout(300)]

CALLS = 50
IS_FULL = os.environ.get("CONTACTPOINT_FULL") == "1"
CHOSEN = sorted(ATTACKS) if IS_FULL else ["never_finished", "rapid_reset"]
AT_MOST = 2.0
ATTACKER = "Leeds City Council"
_LONGEST_CALL_SECONDS = 5.0
_SLACK_SECONDS = 1.5


@dataclass
class Attack:
    """An attack that goes on, and what it did."""

    running: subprocess.Popen[str]
    frames: int = 0
    sent_away: int = 0


@contextmanager
def attacked(town: Town, attack: str, seconds: float) -> Iterator[Attack]:
    """Have an organisation's system attack the edge while the block runs."""
    endpoints = town.suite.endpoints()
    found = endpoints["organisation_certificates"][ATTACKER]
    # fmt: off
    command = [
        sys.executable, "-m", "tests.support.hostile_http2", "--attack", attack, "--seconds", str(seconds),
        "--edge", endpoints["edge"], "--ca", endpoints["ca"],
        "--certificate", found["cert"], "--private-key", found["key"],
    ]
    # fmt: on
    running = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    made = Attack(running)
    try:
        time.sleep(1.0)
        yield made
        told, why = running.communicate(timeout=seconds + 30)
        assert running.returncode == 0, why
        said = json.loads(told)
        made.frames, made.sent_away = said["frames"], said["sent_away"]
    finally:
        running.kill()
        running.wait()


def milliseconds(town: Town, nurse: Outside) -> float:
    """Return the median of as many searches, one after another; each must be answered."""
    wanted = search_request(exact(town.living.story.unique))
    spent = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        assert nurse.call(nurse.directory.SearchChildren, wanted).rows
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)


@pytest.mark.parametrize("attack", CHOSEN)
def test_an_honest_caller_hardly_notices(town: Town, record_property: RecordProperty, attack: str) -> None:
    nurse = town.newcomers_seat().outside
    before = milliseconds(town, nurse)
    with attacked(town, attack, seconds=8.0 if IS_FULL else 4.0) as made:
        during = milliseconds(town, nurse)
    after = milliseconds(town, nurse)
    ratio = during / max(before, after)
    record_property(
        "figure",
        f"{attack}: {made.frames} frames, sent away {made.sent_away} times, honest calls {ratio:.2f} times as slow",
    )
    assert made.frames > 0
    assert ratio <= AT_MOST


def test_no_call_is_longer_than_ours_may_be(town: Town, record_property: RecordProperty) -> None:
    seat = town.seat("nurse")
    begun = time.monotonic()
    # A caller that says "for ever", begins, and never says what is asked.
    streaming = seat.outside.channel.stream_unary(SEARCH)  # type: ignore[call-arg]  # bytes go through
    silent = streaming.future(_nothing_for(30.0), timeout=9_999_999, metadata=_session(seat.outside))
    with pytest.raises(grpc.RpcError):
        silent.result()
    seconds = time.monotonic() - begun
    record_property("figure", f"a silent call that asked for 9,999,999 s ended after {seconds:.1f} s")
    assert seconds < _LONGEST_CALL_SECONDS + _SLACK_SECONDS


@pytest.mark.parametrize("times", [1, 2, 8])
def test_a_message_too_large_is_told_so(town: Town, times: int) -> None:
    seat = town.seat("nurse")
    answer = raw_call(seat.outside.channel, SEARCH, bytes(times * LARGEST_MESSAGE_BYTES + 1), _session(seat.outside))
    assert answer.status in {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"}
    assert not answer.body


@pytest.mark.parametrize("size", [LARGEST_METADATA_BYTES, 2 * LARGEST_METADATA_BYTES, 20 * LARGEST_METADATA_BYTES])
def test_metadata_too_large_is_refused(town: Town, size: int) -> None:
    seat = town.seat("nurse")
    answer = raw_call(seat.outside.channel, SEARCH, b"", [*_session(seat.outside), ("anything", "x" * size)])
    assert answer.status in {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"}


def test_streams_of_one_connection_are_bounded(town: Town, record_property: RecordProperty) -> None:
    """Hold more calls open at once on one connection than it may have; the honest caller beside is answered."""
    seat, honest = town.seat("nurse"), town.newcomers_seat().outside
    streaming = seat.outside.channel.stream_unary(SEARCH)  # type: ignore[call-arg]  # bytes go through
    held = [
        streaming.future(_nothing_for(8.0), timeout=_LONGEST_CALL_SECONDS + 5, metadata=_session(seat.outside))
        for _ in range(400)
    ]
    time.sleep(0.5)
    wanted = search_request(exact(town.living.story.unique))
    answered, refusals = 0, set[str]()
    for _ in range(20):
        try:
            honest.call(honest.directory.SearchChildren, wanted)
            answered += 1
        except Refused as error:
            refusals.add(error.status)
    endings = set()
    for call in held:
        with pytest.raises(grpc.RpcError) as ended:
            call.result()
        endings.add(refusal_of(ended.value).status)
    record_property(
        "figure",
        f"400 calls held open: all ended ({', '.join(sorted(endings))}); beside them {answered} of 20 answered",
    )
    assert refusals <= {"RESOURCE_EXHAUSTED"}
    # Busy is an answer; silence is not. And when the held calls are over, everything is as before.
    assert endings.isdisjoint({"OK", "INTERNAL", "UNKNOWN"})
    assert answered + len(refusals) > 0
    assert honest.call(honest.directory.SearchChildren, wanted).rows


def _nothing_for(seconds: float) -> Iterator[bytes]:
    time.sleep(seconds)
    yield from ()


def _session(outside: Outside) -> tuple[tuple[str, str | bytes], ...]:
    return (("authorization", f"Bearer {outside.session}"),)
