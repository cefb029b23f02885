"""Starts the edge: configuration, dependencies, server, top to bottom."""

import sys

from gateway.edge import metrics
from gateway.edge.authorise import RemoteAuthorise
from gateway.edge.config import EdgeConfig, called
from gateway.edge.forward import AnyMethod, Forward
from gateway.edge.grid import AnswerGrid, read_grid_seconds
from gateway.edge.interceptors import edge_interceptors
from gateway.edge.onward import OnwardChannel
from gateway.edge.rate_windows import connect
from services.runtime import process
from services.runtime.access import Assurance, whole_table
from services.runtime.call_rates import CallRate
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.peers import peer_of
from services.runtime.server import ServerSettings
from services.runtime.server import serve as run_server
from services.runtime.telemetry import Telemetry


def serve(config: EdgeConfig) -> int:
    """Serve until told to stop; return the exit code."""
    table = whole_table()
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    telemetry = Telemetry.of(config)
    away = telemetry.instrument(metrics.RATE_WINDOWS_AWAY)
    windows = connect(
        config.redis_url,
        calls_a_minute=config.calls_a_minute,
        channel_calls_a_minute=config.channel_calls_a_minute,
        when_away=lambda: away.add(1),
    )
    # What needs no session is what anyone may send as often as they like, with names that they make up.
    without_session = [method.full_name for method in table.of_edge() if method.assurance is Assurance.NONE]
    rate = CallRate(in_all=config.sign_ins_a_second, of_one_caller=config.channel_sign_ins_a_second)
    peers = {name: config.peers[name] for name in called()}
    with open_channels(peers, certificates, forward_errors=True) as channels:
        forward = Forward(
            table=table,
            authorise=RemoteAuthorise(channels["identity"]),
            onward={name: OnwardChannel(channel) for name, channel in channels.items()},
            count=windows.count,
            grid=AnswerGrid(seconds=read_grid_seconds(config.limits)),
        )
        handler = AnyMethod(forward, lambda context: peer_of(context.auth_context(), environment=config.environment))
        code = run_server(
            lambda server: server.add_generic_rpc_handlers((handler,)),
            settings=ServerSettings.of(
                config,
                own_pools=dict.fromkeys(without_session, config.sign_in_workers),
                rates=dict.fromkeys(without_session, rate),
            ),
            certificates=certificates,
            interceptors=edge_interceptors(table, telemetry, environment=config.environment),
            table=None,
            telemetry=telemetry,
        )
    windows.close()
    telemetry.stop()
    return code


if __name__ == "__main__":
    sys.exit(process.run("gateway.edge", config=EdgeConfig, serve=serve))
