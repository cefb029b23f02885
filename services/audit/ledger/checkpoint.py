"""The signed checkpoint: a C2SP tlog-checkpoint as a C2SP signed note, Ed25519."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4


def origin_of(environment: str) -> str:
    """Return the log's origin line."""
    return f"{environment}.contactpoint/log"


def verifier_key(origin: str, key: Ed25519PublicKey) -> str:
    """Return the key as outsiders' tools take it: name, key id and key (signed-note "vkey")."""
    raw = _ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"{origin}+{_key_id(origin, key).hex()}+{base64.b64encode(raw).decode()}"


def sign(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> str:
    """Return the signed note over a tree of `size` leaves with this root."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = _key_id(origin, key.public_key()) + key.sign(text.encode())
    return f"{text}\n\u2014 {origin} {base64.b64encode(signature).decode()}\n"


def read(note: str, origin: str, key: Ed25519PublicKey) -> tuple[int, bytes]:
    """Return size and root that a signed note says; raises ValueError unless this key signed it for this log."""
    text, _, signatures = note.rpartition("\n\n")
    wanted = f"\u2014 {origin} "
    lines = [one for one in signatures.split("\n") if one.startswith(wanted)]
    found_origin, size, root = (*text.split("\n"), "", "", "")[:3]
    signature = _decoded(lines[0].removeprefix(wanted) if len(lines) == 1 else "")
    is_ours = found_origin == origin and size.isdecimal() and signature[:_KEY_ID_BYTES] == _key_id(origin, key)
    try:
        key.verify(signature[_KEY_ID_BYTES:] if is_ours else b"", f"{text}\n".encode())
    except InvalidSignature:
        raise ValueError("not a checkpoint of this log") from None
    return int(size), _decoded(root)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _key_id(origin: str, key: Ed25519PublicKey) -> bytes:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(origin.encode() + b"\n" + _ED25519 + raw).digest()[:_KEY_ID_BYTES]
