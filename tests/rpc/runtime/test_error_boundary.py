"""Whatever goes wrong inside, a caller sees one of our statuses or a bare reference, and nobody's name."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from google.rpc import error_details_pb2

from services.runtime.errors import Busy, InvalidRequest, NotFound, ServiceError
from services.runtime.telemetry import JsonLines, Telemetry
from tests.rpc.runtime.conftest import OPEN, STREAM_STREAM, STREAM_UNARY, UNARY_STREAM, Start
from tests.rpc.runtime.refusals import all_of, error_of, refused, status_of

CANARY = "Ada Lovelace 2010-01-01"


class Panic(BaseException):
    """Not an Exception: as a library in Rust panics."""


def raising(error: BaseException) -> Callable[[StringValue], StringValue]:
    def echo(_: StringValue) -> NoReturn:
        try:
            int(CANARY)
        except ValueError:
            # As code that forgot itself does: the chain leads back to the name.
            raise error  # noqa: B904
        raise AssertionError

    return echo


SHAPES = [OPEN, UNARY_STREAM, STREAM_UNARY, STREAM_STREAM]


def call(channel: grpc.Channel, method: str) -> object:
    request = StringValue(value=CANARY).SerializeToString()
    if method == OPEN:
        return channel.unary_unary(method, None, None)(request, timeout=3)
    if method == UNARY_STREAM:
        return list(channel.unary_stream(method, None, None)(request, timeout=3))
    if method == STREAM_UNARY:
        return channel.stream_unary(method, None, None)(iter([request]), timeout=3)
    return list(channel.stream_stream(method, None, None)(iter([request]), timeout=3))


@pytest.mark.parametrize("method", SHAPES)
def test_every_arity_answers(start_stack: Start, method: str) -> None:
    assert call(start_stack().channel(), method)


@pytest.mark.parametrize("method", SHAPES)
@pytest.mark.parametrize("error", [KeyError(CANARY), ValueError(CANARY), Panic(CANARY)], ids=lambda e: type(e).__name__)
def test_a_surprise_leaks_nothing(start_stack: Start, error: BaseException, method: str, tmp_path: Path) -> None:
    telemetry = Telemetry.start("directory", tmp_path / "telemetry")
    lines: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(JsonLines("directory"))
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        stack = start_stack(raising(error), telemetry=telemetry)
        seen = all_of(error_of(lambda: call(stack.channel(), method)))
        stack.close()
    finally:
        logging.getLogger().removeHandler(handler)
        telemetry.stop()
    assert seen[0] is grpc.StatusCode.INTERNAL
    assert seen[1].startswith("internal error, reference ")
    written = "".join(path.read_text() for path in (tmp_path / "telemetry").iterdir()) + "".join(lines)
    assert "rpc_failed" in written
    assert type(error).__name__ in written
    for secret in ("Ada", "Lovelace", "2010-01-01", "Traceback"):
        assert secret not in repr(seen)
        assert secret not in written


@pytest.mark.parametrize("method", SHAPES)
def test_one_of_ours_is_sent_as_itself(start_stack: Start, method: str) -> None:
    stack = start_stack(raising(NotFound()))
    assert refused(lambda: call(stack.channel(), method)) == ("NOT_FOUND", "NOT_FOUND")


def test_the_span_says_how_it_ended(start_stack: Start, tmp_path: Path) -> None:
    telemetry = Telemetry.start("directory", tmp_path)
    stack = start_stack(raising(NotFound()), telemetry=telemetry)
    refused(lambda: call(stack.channel(), OPEN))
    refused(lambda: call(stack.channel(), "/contactpoint.directory.v1.Ada/Lovelace"))
    stack.close()
    telemetry.stop()
    spans = [json.loads(line) for line in (tmp_path / "directory.spans.jsonl").read_text().splitlines()]
    ended = {(span["name"], span["attributes"]["code"], span["attributes"]["reason"]) for span in spans}
    assert ended == {(OPEN, "NOT_FOUND", "NOT_FOUND"), ("unlisted", "PERMISSION_DENIED", "NOT_PERMITTED")}
    metrics = [json.loads(line) for line in (tmp_path / "directory.metrics.jsonl").read_text().splitlines()]
    assert {metric["name"] for metric in metrics} == {"rpc_calls", "rpc_duration"}


def test_fields_and_delays_cross_as_details(start_stack: Start) -> None:
    stack = start_stack(raising(InvalidRequest([("name.surname", "REQUIRED")])))
    status = status_of(error_of(lambda: call(stack.channel(), OPEN)))
    assert status is not None
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(bad)
    assert (info.reason, info.domain) == ("INVALID_REQUEST", "directory.contactpoint")
    assert [(one.field, one.description) for one in bad.field_violations] == [("name.surname", "REQUIRED")]

    stack = start_stack(raising(Busy(retry_after_seconds=2.5)))
    status = status_of(error_of(lambda: call(stack.channel(), OPEN)))
    assert status is not None
    retry = error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 2500


def test_a_bare_service_error_is_sent_as_internal(start_stack: Start) -> None:
    stack = start_stack(raising(ServiceError()))
    assert refused(lambda: call(stack.channel(), OPEN))[0] == "INTERNAL"
