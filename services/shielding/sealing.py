"""What shielding seals under its root secret: numbers, pending acts, receipts, page tokens."""

from __future__ import annotations

import hashlib
import hmac
import os
import uuid

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.runtime.errors import InvalidRequest

ROOT_SECRET_BYTES = 32
_NONCE_BYTES = 12
_USES = ("number", "act", "receipt", "page")


class Sealing:
    """A key for each use, derived from the root secret (RFC 5869); AES-256-GCM with use and place bound in."""

    def __init__(self, root_secret: bytes) -> None:
        self._boxes = {use: AESGCM(_derived(root_secret, use)) for use in _USES}
        self._name_key = _derived(root_secret, "name")

    def act_name(self, person: uuid.UUID, method: str, idempotency_key: uuid.UUID) -> uuid.UUID:
        """Return what an act is called: the same in every retry, and nothing to be guessed by others."""
        text = f"{person}|{method}|{idempotency_key}".encode()
        return uuid.UUID(bytes=hmac.digest(self._name_key, text, hashlib.sha256)[:16], version=4)

    def seal(self, use: str, place: bytes, content: bytes) -> bytes:
        """Return nonce and ciphertext of `content`, good only for this use in this place."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._boxes[use].encrypt(nonce, content, use.encode() + b"|" + place)

    def open(self, use: str, place: bytes, sealed: bytes) -> bytes:
        """Return the content; raises cryptography's InvalidTag for anything swapped, cut or of another use."""
        return self._boxes[use].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], use.encode() + b"|" + place)

    def page_token(self, authority: str, opened_at: str, case_id: uuid.UUID) -> bytes:
        """Return the sealed position after a case in an authority's list."""
        return self.seal("page", authority.encode(), f"{opened_at}|{case_id}".encode())

    def position(self, authority: str, token: bytes) -> tuple[str, uuid.UUID] | None:
        """Return the position that a page token holds, None without one; raises InvalidRequest if of another list."""
        if not token:
            return None
        try:
            opened_at, _, case_id = self.open("page", authority.encode(), token).decode().partition("|")
            return opened_at, uuid.UUID(case_id)
        except (InvalidTag, ValueError):
            raise InvalidRequest([("page_token", "NOT_OF_THIS_LIST")]) from None


def _derived(root_secret: bytes, use: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, None, f"contactpoint shielding {use}".encode()).derive(root_secret)
