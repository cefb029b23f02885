"""A bare echo: mutual TLS, a thread pool, no interceptors; with a database, one durable insert before the answer."""

import argparse
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import psycopg

WORKERS = 16


def main() -> None:
    """Serve until killed; print the port once it listens."""
    arguments = argparse.ArgumentParser(prog="python -m bench.echo_process", description=__doc__)
    for name in ("certificate", "private-key", "ca"):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    arguments.add_argument("--database", default="", help="where to insert a row for each call")
    given = arguments.parse_args()
    own = threading.local()
    if given.database:
        with psycopg.connect(given.database) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS echo (id bigserial PRIMARY KEY, content bytea)")

    def answer(request: bytes, _context: grpc.ServicerContext) -> bytes:
        if given.database:
            if not hasattr(own, "connection"):
                own.connection = psycopg.connect(given.database, autocommit=True)
            own.connection.execute("INSERT INTO echo (content) VALUES (%s)", (request,))
        return request

    handler = grpc.method_handlers_generic_handler("bench.Echo", {"Echo": grpc.unary_unary_rpc_method_handler(answer)})
    server = grpc.server(ThreadPoolExecutor(WORKERS))
    server.add_generic_rpc_handlers((handler,))
    credentials = grpc.ssl_server_credentials(
        [(given.private_key.read_bytes(), given.certificate.read_bytes())],
        given.ca.read_bytes(),
        require_client_auth=True,
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
