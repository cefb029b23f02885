"""The pages as a process of their own: settings, TLS, a certificate that is replaced, slow clients, stopping."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from deploy.local import health
from deploy.local.configuration import to_toml
from deploy.local.layout import PROJECT
from deploy.local.ports import LOWEST, is_free
from tests.support.pki import Authority

_ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'gen'}"}
_ARRIVAL_SECONDS = 0.5


@dataclass
class Running:
    """One running process, and how a browser reaches it."""

    process: subprocess.Popen[str]
    port: int
    health_port: int
    authority: Authority
    edge: socket.socket
    """What stands in the edge's place: it listens and never answers."""

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority.ca))

    @contextmanager
    def connected(self) -> Iterator[http.client.HTTPSConnection]:
        with closing(http.client.HTTPSConnection("localhost", self.port, context=self.trusting, timeout=10)) as made:
            yield made

    @property
    def of_our_own_form(self) -> dict[str, str]:
        """What a browser says when a page of ours sends a form."""
        return {
            "Origin": f"https://localhost:{self.port}",
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def certificate(self) -> bytes:
        with (
            socket.create_connection(("localhost", self.port), timeout=5) as plain,
            self.trusting.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            found = secured.getpeercert(binary_form=True)
            assert found
            return found


def a_free_port(start: int) -> int:
    return next(port for port in range(LOWEST + start, LOWEST + start + 2000) if is_free(port))


def values(authority: Authority, folder: Path, edge_port: int) -> dict[str, Any]:
    own = authority.process("gateway.web").files
    shown = authority.issue("browser", uris=[], dns=["localhost"]).files
    static = folder / "static"
    static.mkdir(exist_ok=True)
    for name in ("a.css", "a.js", "a.svg"):
        (static / name).write_text("/* */")
    manifest = '{"application.css": "a.css", "application.js": "a.js", "icon.svg": "a.svg"}'
    (static / "manifest.json").write_text(manifest)
    key = folder / "cookie"
    key.write_bytes(bytes(range(1, 33)).replace(b"\n", b"x"))
    key.chmod(0o600)
    port = a_free_port(os.getpid() % 2000)
    return {
        "process": "gateway.web",
        "environment": "synthetic",
        "port": port,
        "health_port": a_free_port(4000 + os.getpid() % 2000),
        "certificate": str(own.certificate),
        "private_key": str(own.private_key),
        "ca": str(own.ca),
        "telemetry_dir": str(folder / "telemetry"),
        "origin": f"https://localhost:{port}",
        "browser_certificate": str(shown.certificate),
        "browser_private_key": str(shown.private_key),
        "cookie_key": str(key),
        "teams": str(PROJECT / "deploy" / "config" / "teams-synthetic.toml"),
        "policy": str(PROJECT / "deploy" / "config" / "policy.md"),
        "static_dir": str(static),
        "connections": 20,
        "arrival_seconds": _ARRIVAL_SECONDS,
        "peers": {"gateway.edge": f"127.0.0.1:{edge_port}"},
    }


def command(word: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "gateway.web", word, "--config", str(settings)]


@contextmanager
def started(folder: Path) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as edge:
        authority = Authority(folder / "pki")
        given = values(authority, folder, edge.getsockname()[1])
        settings = folder / "settings.toml"
        settings.write_text(to_toml(given))
        with subprocess.Popen(
            command("serve", settings), env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout
                said = process.stdout.readline()
                assert said == f"serving gateway.web on 127.0.0.1:{given['port']}\n", process.communicate(timeout=5)
                yield Running(process, given["port"], given["health_port"], authority, edge)
            finally:
                process.kill()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("web")) as found:
        yield found


def until(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_it_answers_browsers_and_probes(running: Running) -> None:
    with running.connected() as connection:
        connection.request("GET", "/about")
        answer = connection.getresponse()
        assert answer.status == 200
        assert b"About ContactPoint" in answer.read()
    assert "server" not in {name.lower() for name in answer.headers}
    assert health.is_serving(running.health_port)


def test_it_speaks_tls_of_today_only(running: Running) -> None:
    old = running.trusting
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("localhost", running.port), timeout=5) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname="localhost")


def test_a_replaced_certificate_is_shown_without_a_restart(running: Running) -> None:
    before = running.certificate()
    running.authority.issue("browser", uris=[], dns=["localhost"])
    assert until(lambda: running.certificate() != before)
    assert running.process.poll() is None


@pytest.mark.parametrize("sent", [b"", b"GET /about HTTP/1.1\r\nHost: x\r\n"])
def test_who_never_finishes_asking_is_cut_off(running: Running, sent: bytes) -> None:
    with (
        socket.create_connection(("localhost", running.port), timeout=5) as plain,
        running.trusting.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        began = time.monotonic()
        if sent:
            secured.sendall(sent)
        with suppress(OSError):
            assert secured.recv(100) == b""
        assert time.monotonic() - began < 4


def test_who_asks_and_never_reads_is_cut_off(running: Running) -> None:
    asking = socket.socket()
    # Little room on this side, so that answers wait on the other.
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    asking.settimeout(5)
    asking.connect(("localhost", running.port))
    request = f"GET /about HTTP/1.1\r\nHost: localhost:{running.port}\r\n\r\n".encode()
    with asking, running.trusting.wrap_socket(asking, server_hostname="localhost") as secured:
        with suppress(OSError):
            secured.sendall(request * 200)
        assert established(running.port, secured.getsockname()[1])
        assert until(lambda: not established(running.port, secured.getsockname()[1]), 3 * _ARRIVAL_SECONDS + 3)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: +5",
    ],
)
def test_a_length_that_could_be_read_in_two_ways_ends_the_connection(running: Running, framing: bytes) -> None:
    host = f"Host: localhost:{running.port}\r\n".encode()
    form = "".join(f"{name}: {value}\r\n" for name, value in running.of_our_own_form.items()).encode()
    hidden = b"GET /teams HTTP/1.1\r\n" + host + b"\r\n"
    with (
        socket.create_connection(("localhost", running.port), timeout=5) as plain,
        running.trusting.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        secured.sendall(b"POST /sign-in HTTP/1.1\r\n" + host + form + framing + b"\r\n\r\n0\r\n\r\n" + hidden)
        answers = b""
        with suppress(ssl.SSLError, ConnectionError):
            while more := secured.recv(65536):
                answers += more
    assert answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 400 ") == 1


def test_a_form_that_never_comes_is_refused(running: Running) -> None:
    with running.connected() as connection:
        connection.putrequest("POST", "/sign-in", skip_host=True)
        for name, value in {**running.of_our_own_form, "Host": f"localhost:{running.port}"}.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", "100")
        connection.endheaders(b"csrf=")
        answer = connection.getresponse()
        assert (answer.status, b"did not arrive" in answer.read()) == (408, True)


def test_a_head_that_is_too_long_is_refused(running: Running) -> None:
    statuses = []
    with running.connected() as connection, suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/about", headers={"Cookie": "x=" + "y" * 100_000})
        statuses.append(connection.getresponse().status)
    assert statuses in ([], [400], [431])


def test_more_connections_than_it_takes_are_closed_and_the_next_are_not(running: Running) -> None:
    with ExitStack() as stack:
        answered = [asks(stack.enter_context(running.connected()), to_stay=True) for _ in range(30)]
    assert 0 < sum(answered) <= 20

    def one_more() -> bool:
        with running.connected() as later:
            return asks(later)

    assert until(one_more, 3)


def test_connections_count_before_they_have_said_a_word(running: Running) -> None:
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("localhost", running.port), timeout=5)) for _ in range(60)
        ]
        # A handshake that was begun costs 300 KB: those above the bound never begin one.
        assert until(lambda: sum(is_closed(one) for one in silent) >= 40, 3)

    def one_more() -> bool:
        with running.connected() as later:
            return asks(later)

    assert until(one_more, 3)


def test_what_is_being_answered_is_finished_before_it_stops(tmp_path: Path) -> None:
    with started(tmp_path) as running, running.connected() as connection:
        connection.request("GET", "/sign-in")
        drawn = connection.getresponse()
        cookie = (drawn.headers["Set-Cookie"] or "").partition(";")[0]
        found = re.search(r'name="csrf" value="([^"]+)"', drawn.read().decode())
        assert found
        form = {"csrf": found[1], "username": "ada.l", "password": "not in a log", "code": "123456"}
        statuses = []

        def ask() -> None:
            connection.request("POST", "/sign-in", urlencode(form), {**running.of_our_own_form, "Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.7)
        running.process.send_signal(signal.SIGTERM)
        assert until(lambda: not health.is_serving(running.health_port), 2)
        asking.join(10)
        _, logged = running.process.communicate(timeout=15)
        # The edge never answered; the person was told so, and not cut off.
        assert statuses == [503]
        assert running.process.returncode == 0
        spans = (tmp_path / "telemetry" / "gateway.web.spans.jsonl").read_text()
        assert "/contactpoint.web.Pages/PostSignIn" in spans
        for secret in ("ada.l", "not in a log", "123456"):
            assert secret not in logged + spans
        measured = (tmp_path / "telemetry" / "gateway.web.metrics.jsonl").read_text().splitlines()
        # The last word on the way out: it is not ready any more.
        assert [one["value"] for one in map(json.loads, measured) if one["name"] == "ready"][-1] == 0


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"origin": "http://localhost:1"}, "origin: must be https://"),
        ({"origin": "https://localhost:1/"}, "origin: must be https://"),
        ({"peers": {"identity": "127.0.0.1:1"}}, "peers: gateway.edge is missing"),
        ({"static_dir": "{folder}/pki"}, "static_dir: holds no manifest.json"),
        ({"teams": "{folder}/broken"}, "teams: "),
        ({"policy": "{folder}/broken"}, "policy: begins with"),
        ({"cookie_key": "{folder}/short"}, "cookie_key: must have 32 bytes"),
        ({"cookie_key": "{folder}/broken"}, "cookie_key: is a secret, so its mode must be"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    (tmp_path / "broken").write_text("[other]\n")
    (tmp_path / "broken").chmod(0o644)
    (tmp_path / "short").write_text("x")
    (tmp_path / "short").chmod(0o600)
    changed = {
        key: value.format(folder=tmp_path) if isinstance(value, str) else value for key, value in changed.items()
    }
    settings = tmp_path / "settings.toml"
    settings.write_text(to_toml({**values(Authority(tmp_path / "pki"), tmp_path, 1), **changed}))
    done = subprocess.run(
        command("check-config", settings), env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert said in done.stderr


def is_closed(connection: socket.socket) -> bool:
    """Return whether the other side closed a connection on which it said nothing."""
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def established(server: int, client: int) -> bool:
    """Return whether the server's side of a connection on the loopback is open (the kernel's table, state 01)."""
    own, other = f":{server:04X}", f":{client:04X}"
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return any(line[1].endswith(own) and line[2].endswith(other) and line[3] == "01" for line in lines)


def asks(connection: http.client.HTTPSConnection, *, to_stay: bool = False) -> bool:
    """Return whether a page was answered; the connection stays open where that is asked for."""
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/about", headers={} if to_stay else {"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
        return answer.status == 200
    return False
