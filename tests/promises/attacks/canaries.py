"""Made-up people whom nothing else resembles, and the search for any trace of them in any spelling."""

from __future__ import annotations

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

import numpy as np

_START = 4
_ZEROS = re.compile(rb"\x00{16,}")


@dataclass(frozen=True)
class Canary:
    """One thing that must be nowhere, with every way in which it might be written."""

    what: str
    spellings: frozenset[bytes]

    @classmethod
    def text(cls, what: str, value: str) -> Canary:
        """Return a text's spellings: encodings of characters, of bytes, of web and JSON; small letters and capitals."""
        found: set[bytes] = set()
        for said in {value, value.lower(), value.upper()}:
            plain = said.encode()
            found |= {
                plain,
                said.encode("utf-16-le"),
                said.encode("utf-16-be"),
                plain[::-1],
                quote(said, safe="").encode(),
                json.dumps(said)[1:-1].encode(),
                "".join(f"\\u{ord(character):04x}" for character in said).encode(),
                "".join(f"\\{byte:03o}" for byte in plain).encode(),
                plain.hex().encode(),
                plain.hex().upper().encode(),
                *_base64(plain),
            }
        return cls(what, frozenset(found))

    @classmethod
    def digits(cls, what: str, value: str) -> Canary:
        """Return a telephone's or child's number: as text, in groups or not, reversed, and as an integer's bytes."""
        joined = value.replace(" ", "")
        number = int(joined)
        found = {spelling for text in (value, joined, joined[::-1]) for spelling in cls.text(what, text).spellings}
        found |= {number.to_bytes(8, order) for order in ("big", "little")}
        found |= {number.to_bytes(5, order) for order in ("big", "little")} if number < 1 << 40 else set()
        return cls(what, frozenset(found | {f"{joined[:5]} {joined[5:]}".encode(), _varint(number)}))

    @classmethod
    def day(cls, what: str, value: date) -> Canary:
        """Return a date in the formats of people, logs and protobuf."""
        formats = (
            "%Y-%m-%d",
            "%d/%m/%Y",
            "%d.%m.%Y",
            "%d-%m-%Y",
            "%Y/%m/%d",
            "%Y%m%d",
            "%d%m%Y",
            "%d %B %Y",
            "%B %d, %Y",
            "%Y, %m, %d",
        )
        texts = {value.strftime(one) for one in formats} | {f"{value.year}, {value.month}, {value.day}"}
        texts |= {f"year: {value.year}\nmonth: {value.month}\nday: {value.day}"}
        found = {spelling for text in texts for spelling in cls.text(what, text).spellings if len(spelling) > 7}
        # DateOfBirth as protobuf has it: year, month, day in the fields 1 to 3.
        wire = b"\x08" + _varint(value.year) + b"\x10" + _varint(value.month) + b"\x18" + _varint(value.day)
        return cls(what, frozenset({*found, wire, wire.hex().encode(), base64.b64encode(wire)}))


def hits(canaries: Iterable[Canary], sinks: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return where any canary stands, by sink."""
    by_start: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
    for one in canaries:
        for spelling in one.spellings:
            by_start[spelling[:_START]].append((spelling, one.what))
    found = []
    for sink, content in sinks:
        dense = _ZEROS.sub(bytes(8), content)
        found += [
            f"{what} in {sink}: {spelling!r}"
            for place in _starts(dense, by_start)
            for spelling, what in by_start.get(dense[place : place + _START], ())
            if dense.startswith(spelling, place)
        ]
    return found


def _starts(content: bytes, starts: Iterable[bytes]) -> list[int]:
    """Return the places at which one of the starts may stand: those whose first and whose second two bytes do."""
    if len(content) < _START:
        return []
    data = np.frombuffer(content, dtype=np.uint8).astype(np.uint16)
    pairs = data[:-1] << 8 | data[1:]
    first, second = np.zeros(1 << 16, dtype=np.bool_), np.zeros(1 << 16, dtype=np.bool_)
    for start in starts:
        first[int.from_bytes(start[:2])] = second[int.from_bytes(start[2:])] = True
    found: list[int] = np.flatnonzero(first[pairs[:-2]] & second[pairs[2:]]).tolist()
    return found


def _base64(plain: bytes) -> Iterator[bytes]:
    """Yield what is always the same of a text in base64, wherever in a longer text it begins."""
    for ahead in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(bytes(ahead) + plain)
            start, end = (ahead * 8 + 5) // 6, (ahead + len(plain)) * 8 // 6
            if end - start > 7:
                yield encoded[start:end]


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
