"""The log's public files follow the ledger; what does not add up is never made public."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum

from services.audit.review.domain import checkpoints
from services.audit.review.domain.checkpoints import Checkpoint
from services.audit.review.domain.tiles import LogFile, TiledLog
from services.audit.review.ports import Log, LogFolder, Published, PublishedLog, SizeWentBack

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint"
VERIFIER_KEY = "verifier.key"


class Refused(StrEnum):
    """Why a checkpoint is not made public."""

    NOT_SIGNED = "CHECKPOINT_NOT_SIGNED"
    KEY_CHANGED = "VERIFIER_KEY_CHANGED"
    SIZE_WENT_BACK = "SIZE_WENT_BACK"
    ROOT_CHANGED = "ROOT_CHANGED"
    ROOT_DIFFERS = "ROOT_DIFFERS_FROM_LEAVES"
    LEAVES_MISSING = "LEAVES_MISSING"
    TILE_CHANGED = "PUBLISHED_TILE_CHANGED"


class PublicationRefused(Exception):
    """The ledger's answers, or the files, contradict what was made public before."""

    def __init__(self, reason: Refused) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Publish:
    """Makes the newest checkpoint public, after the files that it needs.

    Nothing but a checkpoint makes a file part of the log, and it is written last: a whole tile beyond it may be
    written again, one within it never changes.
    """

    def __init__(
        self, *, log: Log, folder: LogFolder, published: PublishedLog, count: Callable[[str], None] = lambda _: None
    ) -> None:
        self._log = log
        self._folder = folder
        self._published = published
        self._count = count
        self._edge: TiledLog | None = None

    def __call__(self) -> None:
        """Follow the ledger once. A refusal is logged and counted; the public files stay as they were."""
        try:
            if self._follow():
                self._count("PUBLISHED")
        except PublicationRefused as refused:
            log.error("log_publication_refused", extra={"reason": refused.reason.value})  # noqa: TRY400  # no stack
            self._count(refused.reason.value)

    def _follow(self) -> bool:
        signed = self._log.checkpoint()
        checkpoint = _opened(signed.note, signed.verifier_key)
        newest = self._published.newest()
        self._check_forward(checkpoint, signed.verifier_key, newest)
        held = self._folder.read(CHECKPOINT)
        edge = self._edge_of(newest)
        files = {VERIFIER_KEY: signed.verifier_key.strip().encode() + b"\n", CHECKPOINT: signed.note.encode()}
        is_edge_whole = newest is not None and checkpoint.size == newest.size == edge.size
        if is_edge_whole and all(self._folder.read(path) == content for path, content in files.items()):
            self._edge = edge
            return False
        within = max(newest.size if newest else 0, _size_of(held, signed.verifier_key))
        if checkpoint.size < within:
            raise PublicationRefused(Refused.SIZE_WENT_BACK)
        filled: list[str] = []
        if newest is not None and edge.size < newest.size:
            # The files of the edge were lost: the log is read again, and must be the one that was published.
            filled += self._grow(edge, newest.size, within)
            if edge.root() != newest.root:
                raise PublicationRefused(Refused.ROOT_CHANGED)
        filled += self._grow(edge, checkpoint.size, within)
        if edge.root() != checkpoint.root:
            raise PublicationRefused(Refused.ROOT_DIFFERS)
        for file in edge.partial():
            self._write_partial(file)
        if self._folder.read(VERIFIER_KEY) != files[VERIFIER_KEY]:
            self._folder.write(VERIFIER_KEY, files[VERIFIER_KEY])
        # What the log lacks is said before anything that goes on after it is public.
        self._write_gaps(signed.gaps)
        # Remembered before it is public: after a crash between the two nothing smaller can follow.
        try:
            self._published.keep(Published(checkpoint.size, checkpoint.root, signed.verifier_key))
        except SizeWentBack:
            raise PublicationRefused(Refused.SIZE_WENT_BACK) from None
        self._folder.write(CHECKPOINT, files[CHECKPOINT])
        for path in filled:
            self._folder.forget_partial(path)
        self._edge = edge
        return True

    def _write_gaps(self, gaps: Mapping[int, str]) -> None:
        for index, statement in gaps.items():
            path, content = f"gap/{index}", statement.encode()
            if self._folder.read(path) != content:
                self._folder.write(path, content)

    @staticmethod
    def _check_forward(checkpoint: Checkpoint, verifier_key: str, newest: Published | None) -> None:
        if newest is None:
            return
        if verifier_key != newest.verifier_key:
            raise PublicationRefused(Refused.KEY_CHANGED)
        if checkpoint.size < newest.size:
            raise PublicationRefused(Refused.SIZE_WENT_BACK)
        if checkpoint.size == newest.size and checkpoint.root != newest.root:
            raise PublicationRefused(Refused.ROOT_CHANGED)

    def _edge_of(self, newest: Published | None) -> TiledLog:
        """Return the edge of what was published, from memory or the files; an empty one where they do not show it."""
        # Whatever goes wrong from here on, leaves that were not proved must not stay in memory.
        edge, self._edge = self._edge, None
        if newest is None:
            return TiledLog()
        if edge is None or edge.size != newest.size:
            try:
                edge = TiledLog.read(newest.size, self._read)
            except ValueError:
                return TiledLog()
        return edge if edge.root() == newest.root else TiledLog()

    def _grow(self, edge: TiledLog, size: int, within: int) -> list[str]:
        """Append the ledger's leaves up to `size`, writing each tile as it fills; return their paths."""
        filled = []
        while edge.size < size:
            leaves = self._log.leaves(edge.size)[: size - edge.size]
            if not leaves:
                raise PublicationRefused(Refused.LEAVES_MISSING)
            for leaf in leaves:
                try:
                    for file in edge.append(leaf):
                        self._write(file, within)
                        filled.append(file.path)
                except ValueError:
                    raise PublicationRefused(Refused.LEAVES_MISSING) from None
        return filled

    def _write(self, file: LogFile, within: int) -> None:
        held = self._folder.read(file.path)
        if held == file.content:
            return
        if held is not None and file.needs_size <= within:
            raise PublicationRefused(Refused.TILE_CHANGED)
        self._folder.write(file.path, file.content)

    def _write_partial(self, file: LogFile) -> None:
        held = self._folder.read(file.path)
        if held == file.content:
            return
        if held is not None:
            # The root was proved, so it is the file that was wrong.
            log.warning("published_file_mended", extra={"size": file.needs_size})
        self._folder.write(file.path, file.content)

    def _read(self, path: str) -> bytes:
        found = self._folder.read(path)
        if found is None:
            raise ValueError("no such file")
        return found


def _opened(note: str, verifier_key: str) -> Checkpoint:
    try:
        return checkpoints.opened(note, verifier_key)
    except ValueError:
        raise PublicationRefused(Refused.NOT_SIGNED) from None


def _size_of(note: bytes | None, verifier_key: str) -> int:
    """Return the size of the checkpoint that lies in the folder, 0 where none of this log does."""
    try:
        return checkpoints.opened(note.decode(), verifier_key).size if note is not None else 0
    except ValueError:
        return 0
