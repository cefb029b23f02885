"""A page's span and its calls' spans are one trace; nobody else says to which trace a call belongs."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest

from services.runtime.errors import InvalidRequest
from services.runtime.interceptors.limits import OUTSIDE_KEYS, PAGE_TRACE_KEY, check_metadata
from services.runtime.telemetry import Telemetry
from tests.fakes.edge import MAY_SUPPLY
from tests.rpc.edge.conftest import INTERNAL, OPEN, SIGN_IN, SUPPLY, UNLISTED, EdgeStack, StartEdge

TRACE, SPAN = "1" * 32, "2" * 16
PARENT = f"00-{TRACE}-{SPAN}-01"


def spans(telemetry: Telemetry, folder: Path) -> list[dict[str, Any]]:
    telemetry.stop()
    found = [json.loads(line) for line in (folder / "gateway.edge.spans.jsonl").read_text().splitlines()]
    # The fakes behind it write to the same file.
    return [span for span in found if span["attributes"]["process"] == "gateway.edge"]


@pytest.mark.parametrize("method", [OPEN, SIGN_IN])
def test_a_call_of_our_pages_joins_their_trace(start_edge: StartEdge, tmp_path: Path, method: str) -> None:
    telemetry = Telemetry.start("gateway.edge", tmp_path)
    edge = start_edge(telemetry=telemetry)
    edge.raw(method, metadata=[(PAGE_TRACE_KEY, PARENT)])
    (carried,) = [arrived.metadata["traceparent"] for arrived in edge.owner.arrived]
    (span,) = spans(telemetry, tmp_path)
    assert (span["trace_id"], span["parent_id"]) == (TRACE, SPAN)
    # And those behind join it too.
    assert carried.split("-")[1:3] == [TRACE, span["span_id"]]


@pytest.mark.parametrize("method", [SUPPLY, OPEN, SIGN_IN, INTERNAL, UNLISTED])
@pytest.mark.parametrize("key", [PAGE_TRACE_KEY, "traceparent"])
def test_nobody_else_says_to_which_trace_a_call_belongs(
    start_edge: StartEdge, tmp_path: Path, method: str, key: str
) -> None:
    telemetry = Telemetry.start("gateway.edge", tmp_path)
    edge = start_edge(telemetry=telemetry)
    others = [edge.authority.system(MAY_SUPPLY), edge.authority.process("directory", name="as-client-traced")]
    for issued in others:
        with suppress(grpc.RpcError):
            edge.raw(method, session=None, metadata=[(key, PARENT)], issued=issued)
    found = spans(telemetry, tmp_path)
    assert len(found) == len(others)
    for span in found:
        assert span["trace_id"] != TRACE
        assert span["parent_id"] == ""


@pytest.mark.parametrize("value", ["x", f"00-{TRACE}-{SPAN}", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01"])
def test_one_that_cannot_be_read_is_passed_over(edge: EdgeStack, value: str) -> None:
    assert edge.raw(OPEN, metadata=[(PAGE_TRACE_KEY, value)])
    assert edge.raw(OPEN, metadata=[(PAGE_TRACE_KEY, value), (PAGE_TRACE_KEY, PARENT)])


def test_an_edge_of_release_1_passes_over_it() -> None:
    # What it refuses is what these two refuse still; going back to it beneath the pages must fail no call.
    check_metadata([("authorization", "Bearer x"), (PAGE_TRACE_KEY, PARENT)], allowed_keys=OUTSIDE_KEYS)
    with pytest.raises(InvalidRequest):
        check_metadata([("traceparent", PARENT)], allowed_keys=OUTSIDE_KEYS)
