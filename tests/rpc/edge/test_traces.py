"""A page's span and its calls' spans are one trace; nobody else says to which trace a call belongs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.runtime.telemetry import Telemetry
from tests.fakes.edge import MAY_SUPPLY
from tests.rpc.edge.conftest import INTERNAL, OPEN, SIGN_IN, SUPPLY, UNLISTED, EdgeStack, StartEdge
from tests.rpc.runtime.refusals import refused

TRACE, SPAN = "1" * 32, "2" * 16
PARENT = ("traceparent", f"00-{TRACE}-{SPAN}-01")


def spans(telemetry: Telemetry, folder: Path) -> list[dict[str, Any]]:
    telemetry.stop()
    found = [json.loads(line) for line in (folder / "gateway.edge.spans.jsonl").read_text().splitlines()]
    # The fakes behind it write to the same file.
    return [span for span in found if span["attributes"]["process"] == "gateway.edge"]


@pytest.mark.parametrize("method", [OPEN, SIGN_IN])
def test_a_call_of_our_pages_joins_their_trace(start_edge: StartEdge, tmp_path: Path, method: str) -> None:
    telemetry = Telemetry.start("gateway.edge", tmp_path)
    edge = start_edge(telemetry=telemetry)
    edge.raw(method, metadata=[PARENT])
    (carried,) = [arrived.metadata["traceparent"] for arrived in edge.owner.arrived]
    (span,) = spans(telemetry, tmp_path)
    assert (span["trace_id"], span["parent_id"]) == (TRACE, SPAN)
    # And those behind join it too.
    assert carried.split("-")[1:3] == [TRACE, span["span_id"]]


@pytest.mark.parametrize("method", [SUPPLY, OPEN, SIGN_IN, INTERNAL, UNLISTED])
def test_a_system_of_another_organisation_says_nothing_of_traces(
    start_edge: StartEdge, tmp_path: Path, method: str
) -> None:
    telemetry = Telemetry.start("gateway.edge", tmp_path)
    edge = start_edge(telemetry=telemetry)
    system = edge.authority.system(MAY_SUPPLY)
    asked = refused(lambda: edge.raw(method, session=None, metadata=[PARENT], issued=system))
    assert asked == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert not edge.owner.arrived
    (span,) = spans(telemetry, tmp_path)
    assert span["trace_id"] != TRACE
    assert span["parent_id"] == ""


@pytest.mark.parametrize("process", ["directory", "gateway.edge", "audit.ledger"])
def test_no_other_process_does_either(edge: EdgeStack, process: str) -> None:
    issued = edge.authority.process(process, name=f"as-client-{process}")
    asked = refused(lambda: edge.raw(OPEN, metadata=[PARENT], issued=issued))
    assert asked == ("INVALID_ARGUMENT", "INVALID_REQUEST")


@pytest.mark.parametrize("value", ["x", f"00-{TRACE}-{SPAN}", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01"])
def test_one_that_cannot_be_read_begins_a_trace_of_its_own(edge: EdgeStack, value: str) -> None:
    assert edge.raw(OPEN, metadata=[("traceparent", value)])
