"""Answers health probes over plain gRPC on a port of their own, as every process of ours does."""

from __future__ import annotations

from grpc_health.v1 import health_pb2

from services.runtime.health_server import health_server


class Probes:
    """A health server: NOT_SERVING until `ready`, and again from `stopping` on."""

    def __init__(self, host: str, port: int) -> None:
        self._server, self._status, self.port = health_server(host, port)
        self.is_ready = False
        """What is said at this moment; measured too, so that the alert on processes that are not ready knows it."""
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
