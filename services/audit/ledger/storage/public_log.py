"""The public files of the log (c2sp.org/tlog-tiles), as far as they say what stood in entries that are lost here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

TILE = 256
_LEAF_BYTES = 32
_ENTRY = 2 + _LEAF_BYTES


class NotPublished(Exception):
    """A file that a checkpoint needs is missing or misshapen; the text names it."""


class PublicLog:
    """A folder of public files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def checkpoint(self) -> str:
        """Return the signed note, which is not verified yet; raises NotPublished."""
        try:
            return (self._folder / "checkpoint").read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise NotPublished("checkpoint") from None

    def leaves(self, start: int, size: int) -> Iterator[bytes]:
        """Yield the leaves from `start` up to, without, `size`, the size of the checkpoint; raises NotPublished."""
        for number in range(start // TILE, -(-size // TILE)):
            width = min(TILE, size - number * TILE)
            bundle = self._bundle(number, width)
            yield from bundle[max(0, start - number * TILE) :]

    def _bundle(self, number: int, width: int) -> list[bytes]:
        path = "tile/entries/" + _index_path(number) + ("" if width == TILE else f".p/{width}")
        try:
            content = (self._folder / path).read_bytes()
        except OSError:
            raise NotPublished(path) from None
        entries = [content[at : at + _ENTRY] for at in range(0, len(content), _ENTRY)]
        if len(entries) != width or any(one[:2] != b"\x00\x20" or len(one) != _ENTRY for one in entries):
            raise NotPublished(path)
        return [one[2:] for one in entries]


def _index_path(number: int) -> str:
    digits = str(number).zfill(-(-len(str(number)) // 3) * 3)
    groups: list[str] = re.findall("...", digits)
    return "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
