"""Rate windows in a real Valkey, and in one that is away, slow, or talks nonsense."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from deploy.local.layout import Layout
from deploy.local.valkey import ValkeyServer
from gateway.edge.rate_windows import RateWindows, connect
from services.runtime.errors import Busy
from tests.rpc.edge.conftest import OPEN, OTHER_SESSION, SESSION, StartEdge
from tests.rpc.runtime.refusals import error_of, refused, status_of

CHANNEL = "c" * 64


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with tempfile.TemporaryDirectory() as folder:
        server = ValkeyServer(layout=Layout(Path(folder)))
        with subprocess.Popen(server.command(), stdout=subprocess.DEVNULL) as running:
            end = time.monotonic() + 10
            while not server.is_ready():
                assert time.monotonic() < end
                time.sleep(0.02)
            yield server
            running.terminate()


def windows(url: str, *, calls: int = 3, channel_calls: int = 1000) -> RateWindows:
    return connect(url, calls_a_minute=calls, channel_calls_a_minute=channel_calls)


@pytest.fixture
def empty(valkey: ValkeyServer) -> str:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


def at_noon(counted: RateWindows) -> RateWindows:
    """Return windows whose clock stands at twenty seconds past a minute."""
    counted.now_seconds = lambda: 60_000_020.0
    return counted


def test_a_session_has_its_number_a_minute_and_then_waits_for_the_next(empty: str) -> None:
    counted = at_noon(windows(empty))
    for _ in range(3):
        counted.count(SESSION, CHANNEL)
    with pytest.raises(Busy) as refusal:
        counted.count(SESSION, CHANNEL)
    assert refusal.value.retry_after_seconds == 40
    counted.count(OTHER_SESSION, CHANNEL)
    counted.now_seconds = lambda: 60_000_060.0
    counted.count(SESSION, CHANNEL)
    counted.close()


def test_sessions_that_are_made_up_share_their_channels_number(empty: str) -> None:
    counted = at_noon(windows(empty, channel_calls=5))
    for number in range(5):
        counted.count(f"{number:043}", CHANNEL)
    with pytest.raises(Busy):
        counted.count("9" * 43, CHANNEL)
    with pytest.raises(Busy):
        counted.count("", CHANNEL)
    counted.count("9" * 43, "d" * 64)
    counted.close()


def test_no_session_is_readable_in_it_and_nothing_stays(empty: str) -> None:
    counted = windows(empty)
    counted.count(SESSION, CHANNEL)
    with redis.Redis.from_url(empty) as client:
        names = [name.decode() for name in client.scan_iter()]
        assert len(names) == 2
        assert not any(SESSION in name for name in names)
        assert all(0 < client.ttl(name) <= 120 for name in names)
    counted.close()


def test_too_many_calls_are_told_when_to_come_back(start_edge: StartEdge, empty: str) -> None:
    edge = start_edge(count=at_noon(windows(empty)).count)
    for _ in range(3):
        edge.raw(OPEN)
    assert refused(lambda: edge.raw(OPEN)) == ("RESOURCE_EXHAUSTED", "BUSY")
    status = status_of(error_of(lambda: edge.raw(OPEN)))
    assert status is not None
    assert any("RetryInfo" in detail.type_url for detail in status.details)
    assert len(edge.identity.asked) == 3


@contextmanager
def pretending(folder: Path, speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """Yield the address of a server that treats every connection as `speak` does."""
    path = folder / "redis.sock"
    ended = threading.Event()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(16)
        listening.settimeout(0.05)

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(0.3)
                    try:
                        speak(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            ended.set()
            thread.join()


def says(answer: bytes) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)
        connection.recv(4096)

    return speak


@pytest.mark.parametrize(
    "speak",
    [
        says(b"HTTP/1.1 200 OK\r\n\r\n"),
        says(b":not a number\r\n" * 8),
        says(b"$99999999999\r\nx"),
        says(b"*2147483647\r\n"),
        says(b"-OOM command not allowed when used memory > 'maxmemory'.\r\n" * 8),
        says(b"-LOADING the dataset\r\n" * 8),
        says(b"+Ada\r\n" * 8),
        says(b"$-1\r\n" * 8),
        says(b"*0\r\n" * 8),
        says(b"\xff\x00\xfe" * 50),
        says(b"%1\r\n" * 400),
        lambda connection: time.sleep(0.2),
        lambda connection: connection.close(),
    ],
    ids=[
        "http", "no number", "huge text", "huge list", "full", "loading", "a word", "null", "list", "noise", "maps",
        "silent", "hangs up",
    ],
)  # fmt: skip
def test_a_redis_that_fails_stops_nobody(tmp_path: Path, speak: Callable[[socket.socket], None]) -> None:
    with pretending(tmp_path, speak) as url:
        counted = windows(url, calls=1, channel_calls=1)
        began = time.monotonic()
        for _ in range(50):
            counted.count(SESSION, CHANNEL)
        # One wait in all: after a failure it is left alone for a second.
        assert time.monotonic() - began < 0.3
        counted.close()


def test_a_redis_that_is_away_stops_nobody(start_edge: StartEdge, tmp_path: Path) -> None:
    edge = start_edge(count=windows(f"unix://{tmp_path}/nothing.sock", calls=1).count)
    for _ in range(3):
        assert edge.raw(OPEN, b"x") == b"answer to x"


def test_it_is_asked_again_when_it_may_be_back(empty: str, tmp_path: Path) -> None:
    counted = windows(f"unix://{tmp_path}/nothing.sock", calls=1)
    now = 100.0
    counted.monotonic = lambda: now
    counted.count(SESSION, CHANNEL)
    counted.client = windows(empty).client
    counted.count(SESSION, CHANNEL)
    counted.count(SESSION, CHANNEL)
    now += 1.1
    counted.count(SESSION, CHANNEL)
    with pytest.raises(Busy):
        counted.count(SESSION, CHANNEL)
