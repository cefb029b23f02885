"""The published files (c2sp.org/tlog-tiles): where each lies, and what is in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clients.verify_log.tree import HASH_BYTES

TILE = 256
ENTRIES = "entries"
GAP_PATH = re.compile(r"gap/(?P<index>0|[1-9][0-9]{0,18})")
"""The statement of a gap: named after the entry that commits to it."""
_STRIDE = 2 + HASH_BYTES
_ENTRY_LENGTH = HASH_BYTES.to_bytes(2, "big")
_TILE_PATH = re.compile(
    r"tile/(?P<level>entries|[1-9]?[0-9])/(?P<index>(x[0-9]{3}/)*[0-9]{3})(\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class FileBad(Exception):
    """A file is missing or misshapen; the text says how. `first_bad` is the first entry that suffers, if it says."""

    def __init__(self, path: str, why: str, *, first_bad: int | None = None) -> None:
        super().__init__(f"{path} {why}")
        self.path = path
        self.first_bad = first_bad


@dataclass(frozen=True)
class TileName:
    """Which tile or bundle a path is: `width` hashes or entries from the start of the `index`-th."""

    level: int | None
    """None: a bundle of entries."""
    index: int
    width: int

    @property
    def path(self) -> str:
        """The path below the log's folder."""
        digits = str(self.index)
        while len(digits) % 3:
            digits = "0" + digits
        groups = re.findall("...", digits)
        middle = "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
        level = ENTRIES if self.level is None else self.level
        return f"tile/{level}/{middle}" + ("" if self.width == TILE else f".p/{self.width}")

    @property
    def needs(self) -> int:
        """How many entries a log must have for this file to be part of it."""
        return (self.index * TILE + self.width) << 8 * (self.level or 0)

    @classmethod
    def of(cls, path: str) -> TileName | None:
        """Return which tile a path is, None for the path of none."""
        found = _TILE_PATH.fullmatch(path)
        if found is None:
            return None
        level = None if found["level"] == ENTRIES else int(found["level"])
        width = int(found["width"] or TILE)
        name = cls(level, int(re.sub(r"[x/]", "", found["index"])), width)
        # A path has one spelling, and a width is below that of a whole tile.
        return name if name.path == path and width <= TILE else None


class LogFolder:
    """A folder with a published log in it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises FileBad if it cannot be read."""
        try:
            return (self._root / path).read_bytes()
        except OSError:
            raise FileBad(path, "is missing, or cannot be read") from None

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self._root / path).is_file()

    def paths(self) -> Iterator[str]:
        """Yield the paths of all files, in order."""
        # Not rglob: it fails when the log's publisher takes away a folder meanwhile.
        for folder, _, names in sorted(os.walk(self._root)):
            for name in sorted(names):
                yield (Path(folder) / name).relative_to(self._root).as_posix()

    def file_for(self, name: TileName) -> TileName:
        """Return the file that holds at least this part: itself, or the whole tile that came after it."""
        whole = TileName(name.level, name.index, TILE)
        return whole if name.width < TILE and not self.has(name.path) and self.has(whole.path) else name

    def older(self, name: TileName) -> Iterator[TileName]:
        """Yield the narrower files of the same tile that earlier checkpoints needed and that still lie there."""
        whole = TileName(name.level, name.index, TILE).path
        for path in sorted((self._root / f"{whole}.p").glob("*")):
            found = TileName.of(f"{whole}.p/{path.name}")
            if found is not None and found.width < name.width:
                yield found

    def hashes(self, name: TileName) -> list[bytes]:
        """Return the hashes of a tile; raises FileBad."""
        file, content = self._part(name)
        if len(content) != file.width * HASH_BYTES:
            raise FileBad(file.path, f"has {len(content)} bytes and should have {file.width * HASH_BYTES}")
        return [content[at : at + HASH_BYTES] for at in range(0, name.width * HASH_BYTES, HASH_BYTES)]

    def leaves(self, name: TileName) -> list[bytes]:
        """Return the entries of a bundle; raises FileBad, which names the first that cannot be read."""
        file, content = self._part(name)
        first = name.index * TILE
        for position in range(file.width):
            start = position * _STRIDE
            if content[start : start + 2] != _ENTRY_LENGTH or len(content) < start + _STRIDE:
                raise FileBad(file.path, f"has no entry {first + position} of 32 bytes", first_bad=first + position)
        if len(content) != file.width * _STRIDE:
            raise FileBad(file.path, f"goes on after its entry {first + file.width - 1}")
        return [content[at + 2 : at + _STRIDE] for at in range(0, name.width * _STRIDE, _STRIDE)]

    def _part(self, name: TileName) -> tuple[TileName, bytes]:
        """Return a file that holds at least this part, with its bytes; raises FileBad."""
        try:
            return (file := self.file_for(name)), self.read(file.path)
        except FileBad:
            # The publisher may have taken the narrow file away in this moment, since the whole one is there now.
            return (file := self.file_for(name)), self.read(file.path)
