"""Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), read strictly: one spelling each."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from clients.verify_log.tree import HASH_BYTES

_ALGORITHM_ED25519 = 1
_KEY_ID_BYTES = 4
_ED25519_KEY_BYTES = 32
_MOST_CHARACTERS = 1_000_000
_NAME = r"[^\s+\u2014]+"
_VERIFIER_KEY = re.compile(rf"(?P<name>{_NAME})\+(?P<id>[0-9a-f]{{8}})\+(?P<key>[A-Za-z0-9+/=]+)")
_SIGNATURE = re.compile(rf"\u2014 (?P<name>{_NAME}) (?P<signature>[A-Za-z0-9+/=]+)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteRefused(Exception):
    """A note, key or checkpoint is not what it should be; the text says why."""


@dataclass(frozen=True)
class VerifierKey:
    """A log's name with its public key."""

    name: str
    key_id: bytes
    key: bytes

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key that a C2SP vkey says; raises NoteRefused."""
        found = _VERIFIER_KEY.fullmatch(text)
        if found is None:
            raise NoteRefused("is not a verifier key (name+id+key)")
        key = _base64(found["key"])
        if key[:1] != bytes([_ALGORITHM_ED25519]) or len(key) != 1 + _ED25519_KEY_BYTES:
            raise NoteRefused("is not an Ed25519 verifier key")
        key_id = hashlib.sha256(found["name"].encode() + b"\n" + key).digest()[:_KEY_ID_BYTES]
        if key_id.hex() != found["id"]:
            raise NoteRefused("has an id that is not its own key's")
        return cls(found["name"], key_id, key[1:])


@dataclass(frozen=True)
class Checkpoint:
    """What a log signed: how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes


def signed_checkpoint(note: bytes, key: VerifierKey) -> Checkpoint:
    """Return what a signed checkpoint says; raises NoteRefused unless the log of `key` signed it."""
    text, signatures = _parts(note)
    own = [signature for name, key_id, signature in signatures if (name, key_id) == (key.name, key.key_id)]
    if not own:
        raise NoteRefused(f"is not signed by {key.name}+{key.key_id.hex()}")
    for signature in own:
        try:
            Ed25519PublicKey.from_public_bytes(key.key).verify(signature, text.encode())
        except InvalidSignature:
            raise NoteRefused("has a false signature: its text, or the signature, was changed") from None
    lines = text.split("\n")
    if len(lines) < 4 or not _SIZE.fullmatch(lines[1]):  # noqa: PLR2004  # origin, size, root, and the text's end
        raise NoteRefused("is signed, and is no checkpoint")
    root = _base64(lines[2])
    if len(root) != HASH_BYTES:
        raise NoteRefused("has no root of 32 bytes")
    if lines[0] != key.name:
        raise NoteRefused(f"is of the log {lines[0]!r}, not of {key.name!r}")
    return Checkpoint(lines[0], int(lines[1]), root)


def _parts(note: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise NoteRefused("is not text") from None
    if len(whole) > _MOST_CHARACTERS or any(character < " " and character != "\n" for character in whole):
        raise NoteRefused("is not a signed note")
    text, separator, below = whole.rpartition("\n\n")
    if not separator or not below.endswith("\n"):
        raise NoteRefused("is not a signed note")
    signatures = []
    for line in below[:-1].split("\n"):
        found = _SIGNATURE.fullmatch(line)
        decoded = _base64(found["signature"]) if found else b""
        if found is None or len(decoded) <= _KEY_ID_BYTES:
            raise NoteRefused("has a line that is no signature")
        signatures.append((found["name"], decoded[:_KEY_ID_BYTES], decoded[_KEY_ID_BYTES:]))
    return text + "\n", signatures


def _base64(text: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise NoteRefused("holds something that is not base64") from None
    # Two spare bits of a last character could be flipped unnoticed otherwise.
    if base64.b64encode(decoded).decode() != text:
        raise NoteRefused("holds base64 in an uncommon spelling")
    return decoded
