"""The folder of the log's public files, each whole or absent at any moment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

# The one thing that this process makes for everybody to read.
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755


class FileLogFolder:
    """Keeps the promises of the port `LogFolder` in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None if there is none."""
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Make a file hold exactly `content`: written aside, synced, renamed, and the folder synced."""
        target = self._root / path
        self._make(target.parent)
        # A fixed name: what a crash left behind is overwritten, not piled up. There is one writer.
        aside = target.with_name(f".{target.name}.part")
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), _FILE_MODE)
            os.fsync(file.fileno())
        aside.replace(target)
        _sync(target.parent)

    def forget_partial(self, path: str) -> None:
        """Remove the partial forms of a tile that is whole."""
        shutil.rmtree(self._root / f"{path}.p", ignore_errors=True)

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self._root:
            self._make(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
