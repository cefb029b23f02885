"""Starts the pages: configuration, dependencies, server, top to bottom."""

import sys

from gateway.web import listening
from gateway.web.assets import Assets
from gateway.web.config import EDGE, WebConfig
from gateway.web.policy import read_policy
from gateway.web.probes import Probes
from gateway.web.sealing import Seal
from gateway.web.serving import Serving
from gateway.web.site import Site
from gateway.web.teams import read_teams
from gateway.web.templating import environment, prepared
from gateway.web.urls import TABLE
from services.runtime import process
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.clock import SystemClock
from services.runtime.config import read_secret
from services.runtime.interceptors.limits import PAGE_TRACE_KEY
from services.runtime.metrics import READY
from services.runtime.telemetry import Telemetry


def serve(config: WebConfig) -> int:
    """Serve until told to stop; return the exit code."""
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    telemetry = Telemetry.of(config)
    probes = Probes(config.host, config.health_port)
    telemetry.watch(READY, lambda: float(probes.is_ready))
    with PeerChannel(
        process=EDGE,
        address=config.peers[EDGE],
        certificates=certificates,
        forward_errors=True,
        trace_key=PAGE_TRACE_KEY,
    ) as channel:
        site = Site(
            origin=config.origin,
            table=TABLE,
            templates=prepared(environment()),
            assets=Assets(config.static_dir),
            seal=Seal(read_secret(config.cookie_key)),
            teams=read_teams(config.teams),
            policy=read_policy(config.policy),
            security_contacts=config.security_contacts,
            channel=channel,
            clock=SystemClock(),
        )
        app = Serving(
            site,
            telemetry=telemetry,
            workers=config.workers,
            waiting=config.waiting,
            arrival_seconds=config.arrival_seconds,
        )
        code = listening.serve(app, config, probes)
        app.close()
    probes.close()
    telemetry.stop()
    return code


if __name__ == "__main__":
    sys.exit(process.run("gateway.web", config=WebConfig, serve=serve))
