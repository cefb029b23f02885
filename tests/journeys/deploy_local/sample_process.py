"""The smallest process that the deployment can run: mTLS, health, a database with one table, a lease on a setting."""

import os
import signal
import sys
import threading
import tomllib
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import psycopg
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def migrate(settings: dict[str, Any]) -> None:
    """Make the table, and let the serving role read and add."""
    role = settings["process"].replace(".", "_") + "_serve"
    with psycopg.connect(settings["database_owner_url"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text NOT NULL)")
        connection.execute(psycopg.sql.SQL("GRANT SELECT, INSERT ON note TO {}").format(psycopg.sql.Identifier(role)))


def serve(settings: dict[str, Any]) -> None:
    """Serve health behind mTLS and on the plain health port, until SIGTERM."""
    if settings.get("refuses"):
        sys.exit("the setting `refuses` is on")
    if "database_url" in settings:
        with psycopg.connect(settings["database_url"]) as connection:
            connection.execute("INSERT INTO note VALUES (%s)", (str(os.getpid()),))
    status = health.HealthServicer()
    main = grpc.server(futures.ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(status, main)
    pair = (Path(settings["private_key"]).read_bytes(), Path(settings["certificate"]).read_bytes())
    main.add_secure_port(
        f"{settings['host']}:{settings['port']}",
        grpc.ssl_server_credentials([pair], Path(settings["ca"]).read_bytes(), require_client_auth=True),
    )
    probes = grpc.server(futures.ThreadPoolExecutor(1), options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(status, probes)
    probes.add_insecure_port(f"{settings['host']}:{settings['health_port']}")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    main.start()
    probes.start()
    status.set("", health_pb2.HealthCheckResponse.SERVING)
    stop.wait()
    main.stop(1).wait()
    probes.stop(None).wait()


if __name__ == "__main__":
    act, _, file = sys.argv[1:]
    {"migrate": migrate, "serve": serve}[act](tomllib.loads(Path(file).read_text()))
