"""The log's signed checkpoint: a C2SP signed note (c2sp.org/signed-note) whose text is a tlog-checkpoint."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.audit.review.domain.tree import HASH_BYTES

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_LARGEST_SIZE = 2**63
_FIRST_LINES = 3


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says of the log."""

    origin: str
    size: int
    root: bytes


def parsed(note: str) -> Checkpoint:
    """Return what a checkpoint says, its signatures unread; raises ValueError for what is no checkpoint."""
    text, _ = _split(note)
    lines = text.split("\n")
    if len(lines) <= _FIRST_LINES:
        raise ValueError("a checkpoint has three lines")
    origin, size, root = lines[:_FIRST_LINES]
    if not origin or not (size.isascii() and size.isdecimal()) or str(int(size)) != size or int(size) > _LARGEST_SIZE:
        raise ValueError("no origin, or no size")
    hashed = _decoded(root)
    if len(hashed) != HASH_BYTES:
        raise ValueError("no root")
    return Checkpoint(origin, int(size), hashed)


def opened(note: str, verifier_key: str) -> Checkpoint:
    """Return what a checkpoint says once its log's signature on it is proved; raises ValueError."""
    name, key_id, key = _key_of(verifier_key)
    text, signatures = _split(note)
    found = parsed(note)
    if found.origin != name:
        raise ValueError("another log's checkpoint")
    ours = [
        signature[_KEY_ID_BYTES:]
        for signer, signature in map(_signature_of, signatures)
        if signer == name and signature[:_KEY_ID_BYTES] == key_id
    ]
    if not ours:
        raise ValueError("the log did not sign")
    try:
        for signature in ours:
            key.verify(signature, text.encode())
    except InvalidSignature:
        raise ValueError("the log's signature is false") from None
    return found


def _split(note: str) -> tuple[str, list[str]]:
    text, separator, signatures = note.rpartition("\n\n")
    if not separator or not signatures.endswith("\n"):
        raise ValueError("not a signed note")
    return text + "\n", signatures[:-1].split("\n")


def _signature_of(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, signature = rest.partition(" ")
    if dash != "\u2014" or not name:
        raise ValueError("not a signature line")
    return name, _decoded(signature)


def _key_of(verifier_key: str) -> tuple[str, bytes, Ed25519PublicKey]:
    name, _, rest = verifier_key.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    key = _decoded(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + key).digest()[:_KEY_ID_BYTES]
    if not name or key_id != expected.hex() or key[:1] != _ED25519:
        raise ValueError("not a verifier key")
    return name, expected, Ed25519PublicKey.from_public_bytes(key[1:])


def _decoded(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if base64.b64encode(found).decode() != text:
        raise ValueError("not the one spelling")
    return found
