"""The log as files: C2SP tlog-tiles (c2sp.org/tlog-tiles), tiles of 256 hashes, bundles of 256 entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from services.audit.review.domain import tree

WIDTH = 256
ENTRIES = "entries"
_LENGTH_BYTES = 2


@dataclass(frozen=True)
class LogFile:
    """One tile or bundle, with how many entries the log must have for it to be published."""

    path: str
    content: bytes
    needs_size: int


def path_of(level: int | str, index: int, width: int = WIDTH) -> str:
    """Return the path of a tile (or of a bundle, level "entries") below the log's folder."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{level}/{name}" + ("" if width == WIDTH else f".p/{width}")


def bundle(leaves: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each leaf after its length."""
    return b"".join(len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf for leaf in leaves)


class TiledLog:
    """The right edge of a log: enough to append to it and to know its root; whole tiles leave as they fill."""

    def __init__(self) -> None:
        self.size = 0
        self._leaves: list[bytes] = []
        self._edges: list[list[bytes]] = [[]]

    @classmethod
    def read(cls, size: int, read: Callable[[str], bytes]) -> TiledLog:
        """Return a published log's edge from its files; raises ValueError if they do not fit together.

        `read` returns a file's bytes by its path, or raises ValueError. That the root is the published one is for the
        caller to check.
        """
        made = cls()
        made.size = size
        width = size % WIDTH
        stride = _LENGTH_BYTES + tree.HASH_BYTES
        if width:
            content = read(path_of(ENTRIES, size // WIDTH, width))
            made._leaves = [content[at + _LENGTH_BYTES : at + stride] for at in range(0, len(content), stride)]
            if bundle(made._leaves) != content or len(made._leaves) != width:
                raise ValueError("not a bundle of ours")
        made._edges = []
        while hashes := size >> (8 * len(made._edges)):
            made._edges.append(_hashes(read, len(made._edges), hashes))
        made._edges = made._edges or [[]]
        if made._edges[0] != [tree.leaf_hash(leaf) for leaf in made._leaves]:
            raise ValueError("the bundle and the tile differ")
        return made

    def append(self, leaf: bytes) -> Iterator[LogFile]:
        """Append a leaf; yield the files that are whole by it. Raises ValueError for what is no leaf of ours."""
        if len(leaf) != tree.HASH_BYTES:
            raise ValueError("a leaf is a commitment of 32 bytes")
        self.size += 1
        self._leaves.append(leaf)
        if len(self._leaves) == WIDTH:
            yield LogFile(path_of(ENTRIES, self.size // WIDTH - 1), bundle(self._leaves), self.size)
            self._leaves = []
        level, hashed = 0, tree.leaf_hash(leaf)
        while True:
            if level == len(self._edges):
                self._edges.append([])
            edge = self._edges[level]
            edge.append(hashed)
            if len(edge) < WIDTH:
                return
            yield LogFile(path_of(level, (self.size >> (8 * (level + 1))) - 1), b"".join(edge), self.size)
            self._edges[level], hashed = [], tree.root_of(edge)
            level += 1

    def partial(self) -> Iterator[LogFile]:
        """Yield the files of the right edge: those that a checkpoint of this size needs and that are not whole."""
        if self._leaves:
            path = path_of(ENTRIES, self.size // WIDTH, len(self._leaves))
            yield LogFile(path, bundle(self._leaves), self.size)
        for level, edge in enumerate(self._edges):
            if edge:
                path = path_of(level, self.size >> (8 * (level + 1)), len(edge))
                yield LogFile(path, b"".join(edge), self.size)

    def root(self) -> bytes:
        """Return the root of the tree over all leaves."""
        below: list[bytes] = []
        for edge in self._edges:
            if edge or below:
                below = [tree.root_of([*edge, *below])]
        return tree.root_of(below)


def _hashes(read: Callable[[str], bytes], level: int, count: int) -> list[bytes]:
    width = count % WIDTH
    if not width:
        return []
    content = read(path_of(level, count // WIDTH, width))
    if len(content) != width * tree.HASH_BYTES:
        raise ValueError("not a tile of this width")
    return [content[at : at + tree.HASH_BYTES] for at in range(0, len(content), tree.HASH_BYTES)]
