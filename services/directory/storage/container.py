"""One child's container: boxes of one size, of which nobody but who holds a key can tell what they are, or whose.

A container has 8, 17 or 34 boxes of 240 bytes. A statement takes as many boxes as it needs. What is left is filled with
dummies: boxes of the directory's own, under a key that opens nothing else, so that a writer knows what it may overwrite
without any other writer's key, and a thief of the database does not. The order is drawn anew at each write.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.directory.errors import RecordDamaged, RecordFull

CLASS_SIZES = (1_920, 4_096, 8_192)
BOX_SIZE = 240
TAG_SIZE = 32
KEY_SIZE = 32

_NONCE = 12
_TAG = 16
_HEADER = 2
_ROOM = BOX_SIZE - _NONCE - _TAG - _HEADER
_LENGTH = 2
_DIGEST = 16
_DUMMY = bytes(_HEADER + _ROOM)
_DUMMY_CONTEXT = b"dummy"
_MOST_BOXES = CLASS_SIZES[-1] // BOX_SIZE


@dataclass(frozen=True)
class StatementName:
    """Which statement: everything of one source in one section, in one version."""

    section: int
    source: bytes
    """UUID, 16 bytes."""
    version: int

    def encode(self) -> bytes:
        """Return the name as the bytes that a box is bound to."""
        return bytes([self.section]) + self.source + self.version.to_bytes(4, "big")


@dataclass(frozen=True)
class StatementLock:
    """A statement's name with the key that its boxes are sealed under."""

    name: StatementName
    key: bytes

    def __repr__(self) -> str:
        """Return a text without the key."""
        return f"StatementLock({self.name.section}, version={self.name.version})"


def statement_key(released: bytes, half: bytes, name: StatementName) -> bytes:
    """Return the key of a statement's boxes: 32 bytes, of the ledger's key and the directory's half.

    HKDF-SHA-256 (RFC 5869) with one block of output; the half is the salt, the name is the info.
    """
    extracted = hmac.digest(half, released, hashlib.sha256)
    return hmac.digest(extracted, b"contactpoint/statement/1" + name.encode() + b"\x01", hashlib.sha256)


class Containers:
    """Opens and writes containers; holds the key of dummies, and no statement's."""

    def __init__(self, dummy_key: bytes, *, shuffle: Callable[[list[bytes]], None] | None = None) -> None:
        self._dummies = AESGCM(dummy_key)
        self._shuffle = shuffle or secrets.SystemRandom().shuffle

    def made(self, row: bytes, statements: Sequence[tuple[StatementLock, bytes]]) -> bytes:
        """Return the first container of a row with these statements; raises RecordFull."""
        boxes = [box for lock, content in statements for box in _sealed(row, lock, content)]
        return self._packed(row, boxes, at_least=CLASS_SIZES[0])

    def opened(self, row: bytes, container: bytes, lock: StatementLock) -> bytes | None:
        """Return one statement's content, or None if no box is of that statement.

        Raises RecordDamaged when a part is missing, altered, or there twice.
        """
        cipher, bound = AESGCM(lock.key), row + lock.name.encode()
        own = [plain for box in _boxes(container) if (plain := _tried(cipher, box, bound)) is not None]
        return _joined(own) if own else None

    def replaced(
        self, row: bytes, container: bytes, old: Sequence[StatementLock], new: StatementLock, content: bytes
    ) -> bytes:
        """Return the container with the boxes of `old` and of `new` gone and `content` sealed under `new`.

        Every other box that is no dummy stays as it is, byte for byte. Raises RecordDamaged, RecordFull.
        """
        gone = [(AESGCM(lock.key), row + lock.name.encode()) for lock in (*old, new)]
        gone.append((self._dummies, row + _DUMMY_CONTEXT))
        kept = [box for box in _boxes(container) if all(_tried(cipher, box, bound) is None for cipher, bound in gone)]
        return self._packed(row, kept + _sealed(row, new, content), at_least=len(container))

    def count_in_use(self, row: bytes, container: bytes) -> int:
        """Return how many boxes are no dummies."""
        bound = row + _DUMMY_CONTEXT
        return sum(_tried(self._dummies, box, bound) is None for box in _boxes(container))

    def _packed(self, row: bytes, boxes: list[bytes], *, at_least: int) -> bytes:
        for size in CLASS_SIZES:
            room = size // BOX_SIZE
            if size >= at_least and len(boxes) <= room:
                filled = [*boxes, *(self._dummy(row) for _ in range(room - len(boxes)))]
                self._shuffle(filled)
                return b"".join(filled) + secrets.token_bytes(size - room * BOX_SIZE)
        raise RecordFull

    def _dummy(self, row: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._dummies.encrypt(nonce, _DUMMY, row + _DUMMY_CONTEXT)


def _boxes(container: bytes) -> list[bytes]:
    if len(container) not in CLASS_SIZES:
        raise RecordDamaged
    return [container[at : at + BOX_SIZE] for at in range(0, len(container) - BOX_SIZE + 1, BOX_SIZE)]


def _sealed(row: bytes, lock: StatementLock, content: bytes) -> list[bytes]:
    # The digest ties the parts of one writing together: parts of two writings under one key do not mix.
    whole = len(content).to_bytes(_LENGTH, "big") + hashlib.sha256(content).digest()[:_DIGEST] + content
    count = -(-len(whole) // _ROOM)
    if count > _MOST_BOXES:
        raise RecordFull
    cipher, bound = AESGCM(lock.key), row + lock.name.encode()
    boxes = []
    for index in range(count):
        part = whole[index * _ROOM : (index + 1) * _ROOM].ljust(_ROOM, b"\0")
        nonce = secrets.token_bytes(_NONCE)
        boxes.append(nonce + cipher.encrypt(nonce, bytes((index, count)) + part, bound))
    return boxes


def _tried(cipher: AESGCM, box: bytes, bound: bytes) -> bytes | None:
    try:
        return cipher.decrypt(box[:_NONCE], box[_NONCE:], bound)
    except InvalidTag:
        return None


def _joined(parts: list[bytes]) -> bytes:
    ordered = sorted(parts)
    count = ordered[0][1]
    if [(part[0], part[1]) for part in ordered] != [(index, count) for index in range(count)]:
        raise RecordDamaged
    whole = b"".join(part[_HEADER:] for part in ordered)
    start = _LENGTH + _DIGEST
    content = whole[start : start + int.from_bytes(whole[:_LENGTH], "big")]
    if hashlib.sha256(content).digest()[:_DIGEST] != whole[_LENGTH:start]:
        raise RecordDamaged
    return content
