"""Whatever a caller says: five seconds, 256 KiB, 8 KiB of metadata, and identity keys once each."""

from __future__ import annotations

import time

import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services.runtime import deadline
from tests.rpc.runtime.conftest import EXPOSED, OPEN, Stack, Start
from tests.rpc.runtime.refusals import refused

THUMBPRINT = "d" * 64


def a_request(text: str = "") -> bytes:
    return StringValue(value=text).SerializeToString()


REFUSED_METADATA = {
    "act twice": [("contactpoint-act", "a"), ("contactpoint-act", "b")],
    "act twice, one as the laxest reader would read it": [("contactpoint-act", "a"), ("contactpoint_act", "b")],
    "act with an underscore": [("contactpoint_act", "a")],
    "act in binary": [("contactpoint-act-bin", b"a")],
    "channel twice": [("contactpoint-channel", THUMBPRINT), ("contactpoint-channel", THUMBPRINT)],
    "unknown key of ours": [("contactpoint-person", "p-1")],
    "user": [("x-user-id", "p-1")],
    "user with underscores": [("x_user_id", "p-1")],
    "forwarded": [("x-forwarded-client-cert", "Subject=CN=edge")],
    "forwarded, standard": [("forwarded", "for=192.0.2.1")],
    "session, which is for the edge": [("authorization", "Bearer 1")],
    "cookie": [("cookie", "session=1")],
}


@pytest.mark.parametrize("metadata", REFUSED_METADATA.values(), ids=REFUSED_METADATA.keys())
def test_metadata_that_names_somebody_is_refused(stack: Stack, metadata: list[tuple[str, str]]) -> None:
    assert refused(lambda: stack.raw(OPEN, a_request(), *metadata)) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


def test_metadata_that_names_nobody_is_let_be(stack: Stack) -> None:
    stack.raw(OPEN, a_request(), ("accept-language", "cy"), ("traceparent", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"))


def test_metadata_above_eight_kibibytes_is_refused(stack: Stack) -> None:
    assert refused(lambda: stack.raw(OPEN, a_request(), ("note", "n" * 7900), ("more", "n" * 400)))[0] in {
        "INVALID_ARGUMENT",
        "RESOURCE_EXHAUSTED",
    }
    assert refused(lambda: stack.raw(OPEN, a_request(), ("note", "n" * 100_000)))[0] == "RESOURCE_EXHAUSTED"


def test_a_request_above_256_kibibytes_is_refused(stack: Stack) -> None:
    text = "n" * (256 * 1024 - 8)
    assert len(stack.raw(OPEN, a_request(text))) > 256 * 1024 - 8
    assert refused(lambda: stack.raw(OPEN, a_request(text + "n" * 16))) == ("INVALID_ARGUMENT", "MESSAGE_TOO_LARGE")
    assert refused(lambda: stack.raw(OPEN, a_request(text * 3)))[0] == "RESOURCE_EXHAUSTED"


def test_an_answer_above_256_kibibytes_does_not_leave(start_stack: Start) -> None:
    stack = start_stack(lambda one: StringValue(value=one.value * 3))
    assert refused(lambda: stack.raw(OPEN, a_request("n" * 100_000)))[0] == "INTERNAL"


@pytest.mark.parametrize("timeout", [None, 99_999_999.0, 60.0])
def test_no_call_has_more_than_five_seconds(start_stack: Start, timeout: float | None) -> None:
    found: list[float] = []

    def echo(one: StringValue) -> StringValue:
        found.append(deadline.current().remaining_seconds())
        return one

    start_stack(echo).raw(OPEN, a_request(), timeout=timeout)
    assert 4.5 < found[0] <= 5.0


def test_a_shorter_deadline_is_kept(start_stack: Start) -> None:
    found: list[float] = []

    def echo(one: StringValue) -> StringValue:
        found.append(deadline.current().remaining_seconds())
        return one

    start_stack(echo).raw(OPEN, a_request(), timeout=1.0)
    assert 0.5 < found[0] <= 1.0


def test_work_after_the_deadline_raises(start_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def echo(one: StringValue) -> StringValue:
        # The five seconds, without waiting for them.
        deadline.begin(deadline.Deadline.after(-1))
        deadline.current().check()
        return one

    stack = start_stack(echo)
    assert refused(lambda: stack.raw(OPEN, a_request())) == ("DEADLINE_EXCEEDED", "DEADLINE_TOO_SHORT")


@pytest.mark.slow
def test_an_answer_that_took_longer_does_not_leave(start_stack: Start) -> None:
    def echo(one: StringValue) -> StringValue:
        time.sleep(5.2)
        return one

    stack = start_stack(echo)
    assert refused(lambda: stack.raw(OPEN, a_request(), timeout=None)) == ("DEADLINE_EXCEEDED", "DEADLINE_TOO_SHORT")


def test_bytes_that_are_no_message_are_refused_as_such(stack: Stack) -> None:
    assert refused(lambda: stack.raw(OPEN, b"\xff\xff\xff")) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    # But not before it is known who asks: nothing is parsed for a stranger.
    assert refused(lambda: stack.raw(EXPOSED, b"\xff\xff\xff")) == ("UNAUTHENTICATED", "NOT_AUTHENTICATED")
