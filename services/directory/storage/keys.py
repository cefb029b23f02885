"""The directory's own keys, each derived from its root secret for one use."""

from __future__ import annotations

import hashlib
import hmac


def derived(root_secret: bytes, purpose: str) -> bytes:
    """Return the 32-byte key of one purpose: HKDF-SHA-256 (RFC 5869) without salt, the purpose as info."""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), root_secret, hashlib.sha256)
    return hmac.digest(extracted, f"contactpoint/directory/{purpose}".encode() + b"\x01", hashlib.sha256)


def record_tag(key: bytes, number: int) -> bytes:
    """Return the name of a child's row: HMAC-SHA-256 of its number, 32 bytes."""
    return hmac.digest(key, number.to_bytes(8, "big"), hashlib.sha256)
