"""The edge against Envoy with ext_authz: the same authorise call, the same call onward, one after the other, per core.

Both ask a stand-in for the right to make each call, with the request's bytes, and forward it to another: what is
measured is the proxy. Envoy runs one worker; neither counts calls. Envoy is installed apart from everything else.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from deploy.local.authority import Issued
from deploy.local.configuration import to_toml
from deploy.local.layout import PROJECT
from deploy.local.suite import Suite
from services.runtime.peers import server_name

_METHOD = "/contactpoint.directory.v1.ProviderService/ListProviders"
_REQUEST = bytes(200)
_SESSION = "s" * 43
_TICKS = os.sysconf("SC_CLK_TCK")
_VENV = PROJECT / ".venv-compare"
_READY_WITHIN_SECONDS = 20.0


@dataclass(frozen=True)
class Proxy:
    """One of the two, running."""

    name: str
    pid: int
    port: int


def main() -> None:
    """Measure and print one line of JSON; with --out, write it to a file and draw its plot beside it."""
    arguments = argparse.ArgumentParser(prog="python -m bench.envoy", description=__doc__)
    arguments.add_argument("--calls", type=int, default=2000, help="one caller, at each proxy")
    arguments.add_argument("--seconds", type=float, default=10.0, help="of sixteen callers, at each proxy")
    arguments.add_argument("--out", type=Path, help="JSON file; an SVG of the same name is drawn beside it")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="contactpoint-bench-") as folder, Suite(Path(folder) / "suite") as suite:
        figures = measure(suite, Path(folder), calls=chosen.calls, seconds=chosen.seconds)
    print(json.dumps(figures))
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
        drawn(figures, chosen.out.with_suffix(".svg"))


def measure(suite: Suite, folder: Path, *, calls: int, seconds: float) -> dict[str, Any]:
    """Return the figures of one run, both proxies in turn, twice, the better of each."""
    client = suite.issue_system_certificate(uuid.uuid4(), "bench")
    figures: dict[str, Any] = {}
    with ExitStack() as running:
        identity = running.enter_context(_stand_in(suite, "identity"))
        owner = running.enter_context(_stand_in(suite, "directory"))
        proxies = [
            running.enter_context(_edge(suite, folder, identity, owner)),
            running.enter_context(_envoy(suite, folder, identity, owner)),
        ]
        for _ in range(2):
            for proxy in proxies:
                with _channel(suite, client, proxy.port) as channel:
                    found = _figures_of(proxy, channel, calls=calls, seconds=seconds)
                held = figures.get(proxy.name)
                if held is None or found["cpu_milliseconds_a_call"] < held["cpu_milliseconds_a_call"]:
                    figures[proxy.name] = found
    edge, envoy = figures["edge"], figures["envoy"]
    figures["edge_to_envoy"] = {
        "cpu": round(edge["cpu_milliseconds_a_call"] / envoy["cpu_milliseconds_a_call"], 1),
        "p50": round(edge["p50_milliseconds"] / envoy["p50_milliseconds"], 1),
    }
    return figures


def _figures_of(proxy: Proxy, channel: grpc.Channel, *, calls: int, seconds: float) -> dict[str, float]:
    stub: Any = channel.unary_unary(_METHOD)  # type: ignore[call-arg]  # bytes go through
    metadata = (("authorization", f"Bearer {_SESSION}"),)

    def call() -> None:
        stub(_REQUEST, timeout=5, metadata=metadata)

    for _ in range(200):
        call()
    spent = []
    for _ in range(calls):
        begun = time.perf_counter()
        call()
        spent.append((time.perf_counter() - begun) * 1000)
    end = time.monotonic() + seconds

    def caller(_: int) -> int:
        done = 0
        while time.monotonic() < end:
            call()
            done += 1
        return done

    before, begun_at = _cpu_seconds(proxy.pid), time.monotonic()
    with ThreadPoolExecutor(16) as callers:
        done = sum(callers.map(caller, range(16)))
    passed, cpu = time.monotonic() - begun_at, _cpu_seconds(proxy.pid) - before
    return {
        "p50_milliseconds": round(statistics.median(spent), 3),
        "p99_milliseconds": round(sorted(spent)[int(len(spent) * 0.99)], 3),
        "calls_a_second_16_callers": round(done / passed),
        "cpu_milliseconds_a_call": round(1000 * cpu / done, 3),
        "calls_a_second_a_core": round(done / cpu),
    }


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def _channel(suite: Suite, client: Issued, port: int) -> Iterator[grpc.Channel]:
    credentials = grpc.ssl_channel_credentials(
        suite.ca.read_bytes(), client.private_key.read_bytes(), client.certificate.read_bytes()
    )
    options = [("grpc.ssl_target_name_override", server_name("gateway.edge"))]
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=options) as channel:
        grpc.channel_ready_future(channel).result(_READY_WITHIN_SECONDS)
        yield channel


@contextmanager
def _stand_in(suite: Suite, name: str) -> Iterator[int]:
    issued = suite.certificate_of(name)
    command = [sys.executable, "-m", "bench.stand_in_process", "--certificate", str(issued.certificate)]
    command += ["--private-key", str(issued.private_key), "--ca", str(suite.ca)]
    running = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    try:
        assert running.stdout is not None  # noqa: S101  # a pipe was asked for
        yield int(running.stdout.readline())
    finally:
        running.kill()
        running.wait()


@contextmanager
def _edge(suite: Suite, folder: Path, identity: int, owner: int) -> Iterator[Proxy]:
    settings = suite.config("gateway.edge")
    peers = {name: f"127.0.0.1:{identity if name == 'identity' else owner}" for name in settings["peers"]}
    port = _free_port()
    changed = {
        "port": port,
        "health_port": _free_port(),
        "peers": peers,
        "telemetry_dir": str(folder / "telemetry"),
        # Nothing there: neither counts calls.
        "redis_url": f"unix://{folder}/none.sock",
    }
    config = folder / "edge.toml"
    config.write_text(to_toml({**settings, **changed}), "utf-8")
    command = [sys.executable, "-m", "gateway.edge", "serve", "--config", str(config)]
    yield from _running("edge", command, port)


@contextmanager
def _envoy(suite: Suite, folder: Path, identity: int, owner: int) -> Iterator[Proxy]:
    port = _free_port()
    config = folder / "envoy.json"
    config.write_text(json.dumps(_envoy_settings(suite, port, identity, owner)), "utf-8")
    command = [str(_envoy_binary()), "-c", str(config), "--concurrency", "1", "--disable-hot-restart", "-l", "error"]
    yield from _running("envoy", command, port)


def _running(name: str, command: list[str], port: int) -> Iterator[Proxy]:
    running = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + _READY_WITHIN_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.5).close()
                break
            except OSError:
                if running.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.1)
        yield Proxy(name, running.pid, port)
    finally:
        running.terminate()
        running.wait(30)


def _envoy_binary() -> Path:
    binary = _VENV / "bin" / "envoy"
    if not binary.exists():
        subprocess.run([sys.executable, "-m", "venv", _VENV], check=True)
        requirements = PROJECT / "requirements" / "compare.txt"
        python = str(_VENV / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", "--require-hashes", "-r", requirements], check=True)
    # The script of that name would start it as its child; its time must be found under the process that we start.
    found = sorted(_VENV.glob("lib/python*/site-packages/**/envoy"))
    return next((path for path in found if path.is_file() and os.access(path, os.X_OK)), binary)


def _envoy_settings(suite: Suite, port: int, identity: int, owner: int) -> dict[str, Any]:
    types = "type.googleapis.com/envoy.extensions"
    filters = f"{types}.filters.http"

    def tls(process: str) -> dict[str, Any]:
        issued = suite.certificate_of(process)
        certificate = {
            "certificate_chain": {"filename": str(issued.certificate)},
            "private_key": {"filename": str(issued.private_key)},
        }
        trusted = {"trusted_ca": {"filename": str(suite.ca)}}
        return {"tls_certificates": [certificate], "validation_context": trusted, "alpn_protocols": ["h2"]}

    def cluster(name: str, process: str, at: int) -> dict[str, Any]:
        upstream = {
            "@type": f"{types}.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": server_name(process),
            "common_tls_context": tls("gateway.edge"),
        }
        http = {
            "@type": f"{types}.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
        return {
            "name": name,
            "type": "STATIC",
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [_endpoint(at)]}]},
            "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http},
            "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": upstream},
        }

    authorise = {
        "@type": f"{filters}.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": "identity"}, "timeout": "5s"},
        "with_request_body": {"max_request_bytes": 262_144, "pack_as_bytes": True},
        "include_peer_certificate": True,
    }
    manager = {
        "@type": f"{types}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "codec_type": "HTTP2",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "owner", "timeout": "5s"}}],
                }
            ]
        },
        "http_filters": [
            {"name": "envoy.filters.http.ext_authz", "typed_config": authorise},
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{filters}.router.v3.Router"}},
        ],
    }
    downstream = {
        "@type": f"{types}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": tls("gateway.edge"),
        "require_client_certificate": True,
    }
    listener = {
        "name": "edge",
        "address": _address(port),
        "filter_chains": [
            {
                "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": downstream},
                "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}],
            }
        ],
    }
    clusters = [cluster("identity", "identity", identity), cluster("owner", "directory", owner)]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def _endpoint(port: int) -> dict[str, Any]:
    return {"endpoint": {"address": _address(port)}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def drawn(figures: dict[str, Any], path: Path) -> None:
    """Draw the figures of one run."""
    import matplotlib as mpl  # noqa: PLC0415  # only where it draws

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    drawing, sides = plt.subplots(1, 2, figsize=(9, 3.5))
    for side, key in zip(sides, ("p50_milliseconds", "calls_a_second_a_core"), strict=True):
        side.bar(["edge", "envoy"], [figures[name][key] for name in ("edge", "envoy")], color=["#1d70b8", "#b1b4b6"])
        side.set_title(key.replace("_", " "))
    drawing.tight_layout()
    drawing.savefig(path)


if __name__ == "__main__":
    main()
