"""What is derived from the index key, which the ledger releases at start and which is kept in memory only."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY = 32
_TAG_SPACE = 256


class IndexKey:
    """The index key, and one key of its own for each use."""

    def __init__(self, key: bytes, *, environment: str) -> None:
        if len(key) != _KEY:
            raise ValueError("the index key has 32 bytes")
        self._environment = environment.encode()
        self.deltas = AESGCM(self._derived(key, b"deltas"))
        self.snapshots = AESGCM(self._derived(key, b"snapshots"))
        self._postcodes = self._derived(key, b"postcodes")
        self._order = self._derived(key, b"order")

    def __repr__(self) -> str:
        """Return a text without the key."""
        return "IndexKey()"

    def postcode_tag(self, number: int, postcode: str) -> int | None:
        """Return eight bits of a keyed hash of a postcode, salted with the child's number; None for no postcode.

        So few bits tell two alike apart; that a postcode fits shows one in 256 of all postcodes.
        """
        plain = "".join(character for character in postcode.upper() if character.isalnum())
        if not plain:
            return None
        return hmac.digest(self._postcodes, number.to_bytes(5, "big") + plain.encode(), hashlib.sha256)[0] % _TAG_SPACE

    def place(self, number: int) -> bytes:
        """Return what orders children who match equally well: always the same, and nothing like their numbers."""
        return hmac.digest(self._order, number.to_bytes(5, "big"), hashlib.sha256)[:8]

    def bound(self, table: str, *parts: int | bytes) -> bytes:
        """Return the associated data of a sealed row: environment, table, and what the row must not be moved from."""
        said = [self._environment, table.encode()]
        said += [part if isinstance(part, bytes) else part.to_bytes(8, "big") for part in parts]
        return b"".join(len(part).to_bytes(2, "big") + part for part in said)

    def _derived(self, key: bytes, use: bytes) -> bytes:
        # HKDF-SHA-256 (RFC 5869) without salt, one block; the key is uniform already.
        extracted = hmac.digest(bytes(_KEY), key, hashlib.sha256)
        return hmac.digest(
            extracted, b"contactpoint/index/1/" + self._environment + b"/" + use + b"\x01", hashlib.sha256
        )
