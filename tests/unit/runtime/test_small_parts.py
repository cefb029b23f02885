"""Deadlines, days, keys, logs and settings of a running process."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from contactpoint.identity.v1 import identity_service_pb2
from google.protobuf.wrappers_pb2 import StringValue

from services.runtime import deadline
from services.runtime.call_pool import CallPool
from services.runtime.clock import london_day
from services.runtime.errors import DeadlineTooShort, DependencyUnavailable, InvalidRequest
from services.runtime.telemetry import JsonLines, Telemetry
from services.runtime.validation import AnswerRefused, check_answer, check_request
from services.runtime.verification_keys import PublishedKey, RemoteVerificationKeys
from tests.support.acts import KID, SetClock, SigningKey


def test_an_onward_call_gets_a_tenth_less_and_at_least_20_ms() -> None:
    assert 1.7 < deadline.Deadline.after(2).for_onward_call_seconds() <= 1.8
    assert 0.07 < deadline.Deadline.after(0.1).for_onward_call_seconds() <= 0.08
    with pytest.raises(DeadlineTooShort):
        deadline.Deadline.after(0.015).for_onward_call_seconds()


def test_a_deadline_that_is_over_raises() -> None:
    over = deadline.Deadline.after(-1)
    assert over.remaining_seconds() == 0
    with pytest.raises(DeadlineTooShort):
        over.check()


def test_outside_a_call_there_are_five_seconds() -> None:
    assert 4.9 < deadline.current().remaining_seconds() <= 5
    with deadline.within(1):
        assert deadline.current().remaining_seconds() <= 1
    assert deadline.current().remaining_seconds() > 4


@pytest.mark.parametrize(
    "instant, day",
    [
        ("2026-06-30T22:59:59+00:00", date(2026, 6, 30)),
        ("2026-06-30T23:00:00+00:00", date(2026, 7, 1)),
        ("2026-12-31T23:59:59+00:00", date(2026, 12, 31)),
        ("2026-03-29T00:30:00+00:00", date(2026, 3, 29)),
        ("2028-02-29T12:00:00+00:00", date(2028, 2, 29)),
    ],
)
def test_a_day_is_londons(instant: str, day: date) -> None:
    assert london_day(datetime.fromisoformat(instant)) == day


def test_an_instant_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="time zone"):
        london_day(datetime(2026, 1, 1))  # noqa: DTZ001  # the mistake itself


class Owner:
    """Publishes keys, or is down; counts how often it was asked."""

    def __init__(self, clock: SetClock) -> None:
        self.clock, self.asked, self.is_down = clock, 0, False
        self.keys = [SigningKey()]

    def __call__(self) -> Sequence[PublishedKey]:
        self.asked += 1
        if self.is_down:
            raise DependencyUnavailable
        now = self.clock.now()
        return [
            PublishedKey(one.kid, one.private.public_key().public_bytes_raw(), now, now + timedelta(hours=1))
            for one in self.keys
        ]


@pytest.fixture
def owner() -> Owner:
    return Owner(SetClock(datetime(2026, 1, 1, tzinfo=UTC)))


def remote(owner: Owner) -> RemoteVerificationKeys:
    return RemoteVerificationKeys(fetch=owner, clock=owner.clock)


def test_keys_are_asked_for_once_a_minute(owner: Owner) -> None:
    keys = remote(owner)
    assert all(keys.key(KID) for _ in range(50))
    owner.clock.move(59)
    assert keys.key(KID)
    assert owner.asked == 1
    owner.clock.move(1)
    assert keys.key(KID)
    assert owner.asked == 2


def test_an_unknown_key_is_asked_for_at_most_once_a_second(owner: Owner) -> None:
    keys = remote(owner)
    assert keys.key(KID)
    assert not any(keys.key(f"guess-{n}") for n in range(50))
    assert owner.asked == 1
    owner.keys.append(SigningKey("newer"))
    owner.clock.move(1)
    assert keys.key("newer")
    assert owner.asked == 2


def test_a_key_that_is_no_longer_published_is_gone_within_a_minute(owner: Owner) -> None:
    keys = remote(owner)
    assert keys.key(KID)
    owner.keys = [SigningKey("newer")]
    owner.clock.move(60)
    assert keys.key(KID) is None


def test_without_answers_no_key_is_left_after_two_minutes(owner: Owner) -> None:
    keys = remote(owner)
    assert keys.key(KID)
    owner.is_down = True
    owner.clock.move(119)
    assert keys.key(KID)
    owner.clock.move(2)
    assert keys.key(KID) is None
    owner.is_down = False
    owner.clock.move(1)
    assert keys.key(KID)


def test_a_failing_owner_is_asked_once_a_second(owner: Owner) -> None:
    owner.is_down = True
    keys = remote(owner)
    assert not any(keys.key(KID) for _ in range(50))
    assert owner.asked == 1


def test_a_key_outside_its_time_is_none(owner: Owner) -> None:
    keys = remote(owner)
    assert keys.key(KID)
    owner.clock.move(-1)
    assert keys.key(KID) is None
    owner.clock.move(3602)
    owner.is_down = True
    assert keys.key(KID) is None


def test_a_key_that_is_none_leaves_the_old_ones(owner: Owner) -> None:
    keys = RemoteVerificationKeys(
        fetch=lambda: [PublishedKey("short", b"1", owner.clock.now(), owner.clock.now())], clock=owner.clock
    )
    assert keys.key("short") is None


def line(name: str, message: str, *arguments: object, **fields: object) -> dict[str, object]:
    record = logging.getLogger(name).makeRecord(name, logging.ERROR, "f", 1, message, arguments, None, extra=fields)
    try:
        int("Ada Lovelace")
    except ValueError:
        record.exc_info = sys.exc_info()
    found: dict[str, object] = json.loads(JsonLines("directory").format(record))
    return found


@pytest.mark.promise("D7")
def test_a_log_line_has_a_constant_event_and_allowed_fields() -> None:
    found = line("services.directory.rpc", "rpc_failed", reference="5d3415da", surname="Lovelace", count=3)
    assert (found["event"], found["reference"], found["count"]) == ("rpc_failed", "5d3415da", 3)
    assert "Lovelace" not in json.dumps(found)


@pytest.mark.promise("D7")
@pytest.mark.parametrize(
    "name, message, arguments",
    [
        ("services.directory.rpc", "opened Ada Lovelace", ()),
        ("services.directory.rpc", "opened_%s", ("Lovelace",)),
        ("grpc._server", "Exception calling application: Ada Lovelace", ()),
        ("sqlalchemy.engine", "INSERT %r", ("Lovelace",)),
        ("lovelace_library", "found", ()),
    ],
)
def test_no_text_of_a_log_call_is_written(name: str, message: str, arguments: tuple[object, ...]) -> None:
    found = line(name, message, *arguments, reason="Ada Lovelace, 2010-01-01")
    assert "Ada" not in json.dumps(found)
    if name.startswith("services"):
        assert found["event"] == "event_without_a_constant_name"


@pytest.mark.promise("D7")
def test_a_span_shows_only_what_is_allowed(tmp_path: Path) -> None:
    telemetry = Telemetry.start("directory", tmp_path)
    with telemetry.tracer.start_as_current_span("opened Ada Lovelace") as span:
        span.set_attributes(
            {"method": "/a.B/C", "code": "OK", "child": "Ada", "reason": "Ada Lovelace", "process": "x"}
        )
        span.add_event("Ada Lovelace")
        span.record_exception(KeyError("Ada Lovelace"))
    telemetry.stop()
    text = (tmp_path / "directory.spans.jsonl").read_text()
    assert "Ada" not in text
    (found,) = map(json.loads, text.splitlines())
    assert found["name"] == "unlisted"
    assert found["attributes"] == {"method": "/a.B/C", "code": "OK", "process": "x"}


def test_a_request_that_breaks_its_contract_is_refused_by_path_without_values() -> None:
    request = identity_service_pb2.AuthoriseRequest(method="Ada Lovelace", request_digest=b"1", channel="Ada")
    with pytest.raises(InvalidRequest) as refused:
        check_request(request)
    assert set(refused.value.field_violations) == {("request_digest", "BYTES_LEN"), ("channel", "STRING_PATTERN")}


def test_an_answer_that_breaks_its_contract_does_not_leave() -> None:
    keys = [identity_service_pb2.VerificationKey(kid=str(n), public_key=bytes(32)) for n in range(17)]
    with pytest.raises(AnswerRefused):
        check_answer(identity_service_pb2.ListVerificationKeysResponse(keys=keys))


def test_messages_without_constraints_pass() -> None:
    check_request(StringValue(value="x"))
    check_answer(StringValue(value="x"))


def test_a_pool_counts_what_it_was_given() -> None:
    pool = CallPool(1, waiting=1, name="test")
    futures = [pool.submit(time.sleep, 0.05) for _ in range(2)]
    assert _is_full(pool)
    for future in futures:
        future.result()
    ends_at = time.monotonic() + 1
    while _is_full(pool) and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert not _is_full(pool)
    pool.shutdown()


def _is_full(pool: CallPool) -> bool:
    return pool.is_full


def test_two_first_calls_at_once_both_get_the_key(owner: Owner) -> None:
    fetching, go_on = threading.Event(), threading.Event()

    def fetch() -> Sequence[PublishedKey]:
        fetching.set()
        assert go_on.wait(5)
        return owner()

    keys = RemoteVerificationKeys(fetch=fetch, clock=owner.clock)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(keys.key, KID)
        assert fetching.wait(5)
        second = threads.submit(keys.key, KID)
        time.sleep(0.05)
        go_on.set()
        assert first.result(5) is not None
        assert second.result(5) is not None
