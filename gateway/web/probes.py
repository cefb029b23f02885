"""Answers health probes over plain gRPC on a port of their own, as every process of ours does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from services.runtime.server import PortTaken


class Probes:
    """A health server: NOT_SERVING until `ready`, and again from `stopping` on."""

    def __init__(self, host: str, port: int) -> None:
        self._status = health.HealthServicer(
            experimental_non_blocking=True, experimental_thread_pool=ThreadPoolExecutor(1)
        )
        self._status.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
        self.is_ready = False
        """What is said at this moment; measured too, so that the alert on processes that are not ready knows it."""
        self._server = grpc.server(
            ThreadPoolExecutor(2, thread_name_prefix="health"),
            maximum_concurrent_rpcs=32,
            options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 1024)],
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._status, self._server)
        try:
            self.port = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError:
            self.port = 0
        if self.port == 0:
            raise PortTaken(f"cannot listen on {host}:{port}: another process has it, or it is not this machine's")
        self._server.start()

    def ready(self) -> None:
        """Say that pages are served: own settings and certificates are good; the edge is asked by no probe."""
        self._status.set("", health_pb2.HealthCheckResponse.SERVING)
        self.is_ready = True

    def stopping(self) -> None:
        """Say that no new connection should come here."""
        self._status.enter_graceful_shutdown()
        self.is_ready = False

    def close(self) -> None:
        """Answer no more."""
        self._server.stop(None).wait()
