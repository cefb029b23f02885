"""Is a process healthy? Asked as Kubernetes asks: over its plain health port."""

import socket

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


def is_serving(port: int, *, seconds: float = 0.5) -> bool:
    """Say whether the process with this health port serves now."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=seconds):
            pass
    except OSError:
        # Asked first, because a channel to a closed port waits for its deadline.
        return False
    options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=seconds)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
