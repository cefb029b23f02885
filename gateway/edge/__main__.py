"""Starts the edge: configuration, dependencies, server, top to bottom."""

import sys

from gateway.edge.authorise import RemoteAuthorise
from gateway.edge.config import EdgeConfig
from gateway.edge.forward import AnyMethod, Forward
from gateway.edge.grid import AnswerGrid, read_grid_seconds
from gateway.edge.onward import OnwardChannel
from gateway.edge.rate_windows import connect
from services.runtime import process
from services.runtime.access import whole_table
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.interceptors.error_boundary import ErrorBoundary
from services.runtime.interceptors.limits import OUTSIDE_KEYS, Limits
from services.runtime.interceptors.tracing import Tracing
from services.runtime.peers import peer_of
from services.runtime.server import ServerSettings
from services.runtime.server import serve as run_server
from services.runtime.telemetry import Telemetry


def serve(config: EdgeConfig) -> int:
    """Serve until told to stop; return the exit code."""
    table = whole_table()
    certificates = WatchedCertificates(config.certificate, config.private_key, config.ca)
    owners = {method.process for method in table.of_edge()}
    channels = {
        name: PeerChannel(process=name, address=config.peers[name], certificates=certificates, forward_errors=True)
        for name in sorted(owners | {"identity"})
    }
    forward = Forward(
        table=table,
        authorise=RemoteAuthorise(channels["identity"]),
        onward={name: OnwardChannel(channel) for name, channel in channels.items()},
        count=connect(config.redis_url, config.calls_a_minute).count,
        grid=AnswerGrid(seconds=read_grid_seconds(config.limits)),
    )
    handler = AnyMethod(forward, lambda context: peer_of(context.auth_context(), environment=config.environment))
    telemetry = Telemetry(process=config.process, folder=config.telemetry_dir)
    return run_server(
        lambda server: server.add_generic_rpc_handlers((handler,)),
        settings=ServerSettings.of(config),
        certificates=certificates,
        interceptors=[
            Tracing(process=config.process, table=table, telemetry=telemetry),
            ErrorBoundary(process=config.process),
            Limits(allowed_keys=OUTSIDE_KEYS),
        ],
        table=None,
    )


if __name__ == "__main__":
    sys.exit(process.run("gateway.edge", config=EdgeConfig, serve=serve))
