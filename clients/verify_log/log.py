"""Every tile and every entry of a published log against the root that its checkpoint signs.

Trust goes from the root downwards: the checkpoint vouches for the right edge, a tile that leads to a hash which is
vouched for is vouched for itself, and so is each entry under it. Where a file does not lead to where it must, what the
entries below it give is tried in its place: so the one wrong file, or entry, is told from those that suffer by it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from clients.verify_log.folder import GAP_PATH, TILE, FileBad, LogFolder, TileName
from clients.verify_log.gap import Gap
from clients.verify_log.notes import Checkpoint
from clients.verify_log.report import Report
from clients.verify_log.tree import Peaks, hash_of_leaf, root_over

Hashes = Sequence[bytes]

CHECKPOINT = "checkpoint"
VERIFIER_KEY = "verifier.key"
_HEIGHT = 8


class Unreadable(Exception):
    """A part of the log is missing or misshapen, so this cannot be told."""


class PublishedLog:
    """A folder's log, as far as one checkpoint goes."""

    def __init__(self, folder: LogFolder, checkpoint: Checkpoint) -> None:
        self._folder = folder
        self.size = checkpoint.size
        self._root = checkpoint.root
        self.gaps: list[Gap] = []
        """What the log publishes of entries that it has lost."""
        self._levels = max(1, -(-self.size.bit_length() // _HEIGHT))
        # By level: the hash of each whole tile of the level below, made from the entries alone; None where one of its
        # entries cannot be read. Level 0 would be the entries themselves: they are read again instead.
        self._made: list[list[bytes | None]] = [[]]
        self._make()

    def leaf(self, index: int) -> bytes:
        """Return one entry; raises Unreadable."""
        leaves = self._leaves(self._name(None, index // TILE))
        if leaves is None:
            raise Unreadable
        return leaves[index % TILE]

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Yield the position and leaf of every entry that can be read."""
        for number in range(-(-self.size // TILE)):
            yield from enumerate(self._leaves(self._name(None, number)) or (), number * TILE)

    def gap_at(self, index: int) -> Gap | None:
        """Return the published gap in which an entry is lost, None if it is not."""
        return next((gap for gap in self.gaps if gap.first <= index <= gap.last), None)

    def path_of(self, index: int) -> str:
        """Return the path of the file that an entry is in."""
        return self._folder.file_for(self._name(None, index // TILE)).path

    def root_at(self, size: int) -> bytes:
        """Return the root of the first `size` entries, made from the entries alone; raises Unreadable."""
        peaks = Peaks()
        whole, rest = divmod(size, TILE)
        for hashed in (self._made[1] if whole else [])[:whole]:
            if hashed is None:
                raise Unreadable
            peaks.add(_HEIGHT, hashed)
        if rest:
            leaves = self._leaves(self._name(None, whole))
            if leaves is None:
                raise Unreadable
            for leaf in leaves[:rest]:
                peaks.add(0, hash_of_leaf(leaf))
        return peaks.root()

    def check(self, report: Report) -> None:
        """Check every file of the log against the signed root, and say what is bad."""
        before = report.bad_count
        edge = self._vouched_edge()
        if edge is None:
            report.bad(f"{CHECKPOINT}: signs a root to which neither the entries nor the tiles of this folder lead")
        for level in reversed(range(self._levels)):
            whole, width = divmod(self.size >> _HEIGHT * level, TILE)
            if width:
                self._check_tile(report, level, whole, vouched=edge[level] if edge else None)
        self._check_names(report)
        if report.bad_count == before:
            bundles, *tiles = (-(-(self.size >> _HEIGHT * level) // TILE) for level in (0, *range(self._levels)))
            report.ok(f"entries: all {self.size} in {bundles} bundles are under the signed root")
            report.ok(f"tiles: all {sum(tiles)} of them are under the signed root")

    def _check_tile(
        self, report: Report, level: int, index: int, *, expected: bytes | None = None, vouched: Hashes | None = None
    ) -> None:
        """Check a tile and all below it; `expected` is its own hash, where that is vouched for."""
        name = self._name(level, index)
        found, made = self._found(name, report), self._made_hashes(name)
        before = report.bad_count
        if expected is not None:
            vouched = next((each for each in (found, made) if each is not None and root_over(each) == expected), None)
        if vouched is not None:
            if found is not None and (at := _difference(found, vouched)) is not None:
                report.bad(f"{self._folder.file_for(name).path}: its hash {at} is not the one under the signed root")
            self._check_older(report, name, vouched)
        elif found is not None and made is not None and (at := _difference(found, made)) is not None:
            entry = (index * TILE + at) << _HEIGHT * level
            report.bad(f"{self._folder.file_for(name).path}: its hash {at} and entry {entry} disagree", entry=entry)
        if level:
            for position in range(name.width):
                hashed = vouched[position] if vouched is not None else None
                self._check_tile(report, level - 1, index * TILE + position, expected=hashed)
        else:
            self._check_entries(report, index, vouched)
        if expected is not None and vouched is None and report.bad_count == before:
            first, last = (index * TILE) << _HEIGHT * level, (((index + 1) * TILE) << _HEIGHT * level) - 1
            report.bad(f"{name.path}: entries {first} to {last} were changed, and the hashes with them", entry=first)

    def _check_entries(self, report: Report, index: int, vouched: Hashes | None) -> None:
        name = self._name(None, index)
        file = self._folder.file_for(name)
        try:
            leaves = self._folder.leaves(name)
        except FileBad as bad:
            report.bad(str(bad), entry=index * TILE if bad.first_bad is None else bad.first_bad)
            return
        if vouched is None:
            return
        at = _difference([hash_of_leaf(leaf) for leaf in leaves], vouched)
        if at is not None:
            entry = index * TILE + at
            report.bad(f"{file.path}: entry {entry} is not the one under the signed root", entry=entry)
        self._check_older(report, name, vouched)

    def _check_older(self, report: Report, name: TileName, vouched: Hashes) -> None:
        """Check the narrower forms of a tile or bundle that earlier checkpoints needed."""
        for older in self._folder.older(name):
            try:
                hashes = (
                    [hash_of_leaf(leaf) for leaf in self._folder.leaves(older)]
                    if older.level is None
                    else self._folder.hashes(older)
                )
            except FileBad as bad:
                report.bad(str(bad), entry=bad.first_bad)
                continue
            at = _difference(hashes, vouched[: older.width])
            if at is not None and older.level is None:
                entry = older.index * TILE + at
                report.bad(f"{older.path}: entry {entry} is not the one under the signed root", entry=entry)
            elif at is not None:
                report.bad(f"{older.path}: its hash {at} is not the one under the signed root")

    def _check_names(self, report: Report) -> None:
        beyond = 0
        for path in self._folder.paths():
            name = TileName.of(path)
            if path in (CHECKPOINT, VERIFIER_KEY) or GAP_PATH.fullmatch(path):
                continue
            if path.rpartition("/")[2].startswith("."):
                report.note(f"{path}: is hidden, hence not published; it was not read")
            elif name is None:
                report.bad(f"{path}: is no file of a log")
            elif name.needs > self.size:
                beyond += 1
        if beyond:
            report.note(f"tiles: {beyond} belong to a later checkpoint; they were not checked")

    def _make(self) -> None:
        """Hash the whole log from its entries up."""
        made: list[bytes | None] = []
        for index in range(self.size // TILE):
            leaves = self._leaves(self._name(None, index))
            made.append(None if leaves is None else root_over(map(hash_of_leaf, leaves)))
        self._made.append(made)
        while len(made) >= TILE:
            rows = (made[start : start + TILE] for start in range(0, len(made) - len(made) % TILE, TILE))
            made = [None if None in row else root_over(hashed for hashed in row if hashed is not None) for row in rows]
            self._made.append(made)

    def _vouched_edge(self) -> list[Hashes] | None:
        """Return the right edge, by level, that leads to the signed root: of files, of entries, or mixed; else None."""
        choices: list[list[Hashes]] = []
        for level in range(self._levels):
            whole, width = divmod(self.size >> _HEIGHT * level, TILE)
            name = self._name(level, whole)
            tried = (self._found(name), self._made_hashes(name)) if width else ([],)
            choices.append([each for each in tried if each is not None])
        for edge in itertools.product(*choices):
            peaks = Peaks()
            for level in reversed(range(self._levels)):
                for hashed in edge[level]:
                    peaks.add(_HEIGHT * level, hashed)
            if peaks.root() == self._root:
                return list(edge)
        return None

    def _name(self, level: int | None, index: int) -> TileName:
        return TileName(level, index, min(TILE, (self.size >> _HEIGHT * (level or 0)) - index * TILE))

    def _found(self, name: TileName, report: Report | None = None) -> Hashes | None:
        try:
            return self._folder.hashes(name)
        except FileBad as bad:
            if report is not None:
                report.bad(str(bad))
            return None

    def _leaves(self, name: TileName) -> list[bytes] | None:
        try:
            return self._folder.leaves(name)
        except FileBad:
            return None

    def _made_hashes(self, name: TileName) -> Hashes | None:
        """Return a tile's hashes as the entries give them, None where one cannot be read."""
        if name.level == 0:
            leaves = self._leaves(TileName(None, name.index, name.width))
            return None if leaves is None else [hash_of_leaf(leaf) for leaf in leaves]
        row = self._made[name.level or 0][name.index * TILE :][: name.width]
        known = [hashed for hashed in row if hashed is not None]
        return known if len(known) == name.width else None


def _difference(one: Hashes, other: Hashes) -> int | None:
    """Return the first position at which two rows of one length differ, None if they do not."""
    return next((at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right), None)
