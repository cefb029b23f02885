"""A plain server beside the one for calls: it answers health checks and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


class PortTaken(RuntimeError):  # it names what happened
    """The address of a server is in use, or is not this machine's."""


def health_server(host: str, port: int) -> tuple[grpc.Server, health.HealthServicer, int]:
    """Return the server, what it says, and its port (0: any free one); it is not started. Raises PortTaken.

    Probes have no certificate and never queue. It says NOT_SERVING until told otherwise.
    """
    status = health.HealthServicer(experimental_non_blocking=True, experimental_thread_pool=ThreadPoolExecutor(1))
    status.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    probes = grpc.server(
        ThreadPoolExecutor(2, thread_name_prefix="health"),
        maximum_concurrent_rpcs=32,
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 1024)],
    )
    health_pb2_grpc.add_HealthServicer_to_server(status, probes)
    return probes, status, bound(lambda address, _: probes.add_insecure_port(address), f"{host}:{port}", None)


def bound(add: Callable[[str, Any], int], address: str, credentials: grpc.ServerCredentials | None) -> int:
    """Return the port of an address that `add` gives to a server; raises PortTaken."""
    try:
        port = add(address, credentials)
    except RuntimeError:
        port = 0
    if port == 0:
        raise PortTaken(f"cannot listen on {address}: another process has it, or it is not this machine's")
    return port
