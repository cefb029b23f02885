"""Stands in for identity and for whoever owns a method: the least work that either proxy can be asked to wait for."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from contactpoint.identity.v1 import identity_service_pb2 as identity

WORKERS = 16
_TOKEN = "t" * 900
_AUTHORISED = identity.AuthoriseResponse(token=_TOKEN).SerializeToString()


def _field(number: int, content: bytes) -> bytes:
    """Return a length-delimited field (protobuf's wire format)."""
    size, length = len(content), b""
    while size > 0x7F:  # noqa: PLR2004  # a varint's seven bits
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


# envoy.service.auth.v3.CheckResponse: ok_response (3) with headers (2), each a header (1) of key (1) and value (2).
_CHECKED = _field(3, _field(2, _field(1, _field(1, b"contactpoint-act") + _field(2, _TOKEN.encode()))))


def _answer(method: str, request: bytes) -> bytes:
    if method.endswith("/Authorise"):
        return _AUTHORISED
    if method.endswith("/Check"):
        return _CHECKED
    return request


class _AnyMethod(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic only to the type checker
    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        method = str(handler_call_details.method)
        return grpc.unary_unary_rpc_method_handler(lambda request, _context: _answer(method, request))


def main() -> None:
    """Serve until killed; print the port once it listens."""
    arguments = argparse.ArgumentParser(prog="python -m bench.stand_in_process", description=__doc__)
    for name in ("certificate", "private-key", "ca"):
        arguments.add_argument(f"--{name}", type=Path, required=True)
    given = arguments.parse_args()
    server = grpc.server(ThreadPoolExecutor(WORKERS))
    server.add_generic_rpc_handlers((_AnyMethod(),))
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
