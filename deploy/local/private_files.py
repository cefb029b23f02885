"""Files and folders that only their owner reads, written whole or not at all."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path
from typing import Any

_OWN_FOLDER = 0o700
_WAY_THROUGH = 0o711
_LIST_OR_WRITE = 0o066


def folder(path: Path) -> Path:
    """Make `path` with mode 0700, or tighten it if others may list or write it; its parents are left alone."""
    path.mkdir(mode=_OWN_FOLDER, parents=True, exist_ok=True)
    if path.stat().st_mode & _LIST_OR_WRITE:
        path.chmod(_OWN_FOLDER)
    return path


def let_through(path: Path) -> None:
    """Let other users pass through a folder of ours to what they know the name of; they still cannot list it."""
    path.chmod(_WAY_THROUGH)


def write(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write `content` to `path` with mode 0600, durably and in one step.

    Raises FileExistsError where a file is there already and must not be replaced.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            part.replace(path)
        else:
            # A link, unlike a rename, refuses to take the place of a file that somebody else made meanwhile.
            path.hardlink_to(part)
            part.unlink()
        _sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write `value` as JSON with mode 0600, in one step."""
    write(path, json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in `path`, empty where there is no such file."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError(path.name)
    return value


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock `path` while the block runs, waiting for it if need be."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        flock(descriptor, LOCK_EX)
        yield
    finally:
        flock(descriptor, LOCK_UN)
        os.close(descriptor)


def try_lock(path: Path, *, seconds: float = 0.0) -> int | None:
    """Return a descriptor that holds the lock `path` until it is closed, or None if another process holds it.

    `seconds` is for those who mean to keep it: whoever only asks holds it for an instant too.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + seconds
    while True:
        try:
            flock(descriptor, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(descriptor)
                return None
            time.sleep(0.01)
        else:
            return descriptor


def digest_of_tree(path: Path) -> str:
    """Return the SHA-256 (hex) over names and contents of the Python and SQL files below `path`."""
    digest = hashlib.sha256()
    for file in sorted([*path.rglob("*.py"), *path.rglob("*.sql")]):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(path)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
