"""An OTLP receiver over mutual TLS that keeps every byte it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2_grpc as metrics_rpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as traces_rpc

from services.runtime.peers import peer_of
from tests.support.pki import Issued


@dataclass
class Received:
    """What came, in its order, and from whom."""

    port: int = 0
    spans: list[Any] = field(default_factory=list)
    metrics: list[Any] = field(default_factory=list)
    bytes: list[bytes] = field(default_factory=list)
    thumbprints: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, request: Any, context: grpc.ServicerContext, environment: str) -> None:
        """Keep one export."""
        with self.lock:
            self.bytes.append(request.SerializeToString() + repr(context.invocation_metadata()).encode())
            self.thumbprints.add(peer_of(context.auth_context(), environment=environment).thumbprint)
            for of_resource in getattr(request, "resource_spans", ()):
                self.spans += [span for scope in of_resource.scope_spans for span in scope.spans]
            for of_resource in getattr(request, "resource_metrics", ()):
                self.metrics += [metric for scope in of_resource.scope_metrics for metric in scope.metrics]


@contextmanager
def collecting(issued: Issued, *, port: int = 0) -> Iterator[Received]:
    """Yield what a collector with this certificate receives while the block runs."""
    received, environment = Received(), issued.environment

    class Traces(traces_rpc.TraceServiceServicer):
        def Export(self, request: Any, context: grpc.ServicerContext) -> Any:
            received.keep(request, context, environment)
            return traces.ExportTraceServiceResponse()

    class Metrics(metrics_rpc.MetricsServiceServicer):
        def Export(self, request: Any, context: grpc.ServicerContext) -> Any:
            received.keep(request, context, environment)
            return metrics.ExportMetricsServiceResponse()

    files = issued.files
    credentials = grpc.ssl_server_credentials(
        [(files.private_key.read_bytes(), files.certificate.read_bytes())],
        root_certificates=files.ca.read_bytes(),
        require_client_auth=True,
    )
    server = grpc.server(ThreadPoolExecutor(4))
    traces_rpc.add_TraceServiceServicer_to_server(Traces(), server)  # type: ignore[no-untyped-call]
    metrics_rpc.add_MetricsServiceServicer_to_server(Metrics(), server)  # type: ignore[no-untyped-call]
    received.port = server.add_secure_port(f"127.0.0.1:{port}", credentials)
    server.start()
    try:
        yield received
    finally:
        server.stop(None).wait()
