"""Secrets as files of 32 random bytes, made once and never again."""

import hashlib
import secrets
from collections.abc import Iterable
from pathlib import Path

from deploy.local import private_files
from deploy.local.fault import Fault
from deploy.local.layout import Layout

SECRET_BYTES = 32


def make(layout: Layout, names: Iterable[str]) -> None:
    """Make the missing secrets; refuse to replace one that was there before.

    What the databases hold cannot be read under a new secret, so a lost or changed one is a Fault and not an
    opportunity. The list of those made holds their SHA-256, which tells nothing about 32 random bytes.
    """
    register = layout.secrets / "made.json"
    made = private_files.read_json(register)
    for name in names:
        path = layout.secrets / name
        if name in made:
            _check(path, made[name])
            continue
        if not path.exists():
            private_files.write(path, random_secret(), replace=False)
        made[name] = _digest(path)
        private_files.write_json(register, made)


def password(layout: Layout, role: str) -> tuple[str, Path]:
    """Return the database password of `role` and the file libpq reads it from, both made at the first asking.

    Losing one loses nothing: the next start sets another.
    """
    path = layout.secrets / f"{role}.pgpass"
    if not path.exists():
        private_files.write(path, f"*:*:*:*:{secrets.token_hex(24)}\n".encode(), replace=False)
    return path.read_text().strip().rpartition(":")[2], path


def random_secret() -> bytes:
    """Return random bytes of which none is a line's end: whoever reads a secret file may strip a last one."""
    while b"\n" in (content := secrets.token_bytes(SECRET_BYTES)):
        pass
    return content


def _check(path: Path, digest: str) -> None:
    if not path.exists():
        problem = "is missing"
    elif _digest(path) != digest:
        problem = "is not the file that was made"
    else:
        return
    msg = (
        f"The secret {path} {problem}, and what the databases hold cannot be read without it. "
        "Put it back, or give everything up with `python -m deploy.local reset`."
    )
    raise Fault(msg)


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if len(content) != SECRET_BYTES:
        msg = f"The secret {path} has {len(content)} bytes instead of {SECRET_BYTES}. Put the right file back."
        raise Fault(msg)
    return hashlib.sha256(content).hexdigest()
