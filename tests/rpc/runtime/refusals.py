"""Reads a refusal as a caller sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

DETAILS = "grpc-status-details-bin"


def refused(call: Callable[[], Any]) -> tuple[str, str]:
    """Return (status, reason) of the refusal that `call` gets; gRPC's own text where there is no ErrorInfo."""
    error = error_of(call)
    status = status_of(error)
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return error.code().name, info.reason
    return error.code().name, error.details()


def error_of(call: Callable[[], Any]) -> Any:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def status_of(error: Any) -> status_pb2.Status | None:
    for key, value in error.trailing_metadata():
        if key == DETAILS:
            return status_pb2.Status.FromString(value)
    return None


def all_of(error: Any) -> tuple[Any, ...]:
    """Return everything that a refusal shows: status, text, and all metadata."""
    return (error.code(), error.details(), tuple(error.initial_metadata()), tuple(error.trailing_metadata()))
