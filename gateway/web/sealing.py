"""Seals what a browser keeps for us: nobody without the key can read it, change it, or use it under another name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Exception):  # it names what was found
    """The text was not sealed by us, or not for this name and person."""


class Seal:
    """AES-256-GCM under one key a purpose (HKDF-SHA-256 of the cookie key); base64url without padding."""

    def __init__(self, cookie_key: bytes) -> None:
        self._cookie_key = cookie_key
        self._key_of = lru_cache(maxsize=16)(self._derived)

    def __repr__(self) -> str:
        """Return a text without the key."""
        return "Seal()"

    def seal(self, purpose: str, content: bytes, *, name: str, bound_to: str = "") -> str:
        """Return `content` sealed for a purpose, a name (the cookie's), and what else it is bound to."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._key_of(purpose)).encrypt(nonce, content, _associated(name, bound_to))
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode("ascii")

    def open(self, purpose: str, text: str, *, name: str, bound_to: str = "") -> bytes:
        """Return what was sealed; raises SealBroken unless purpose, name and `bound_to` are the same."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return AESGCM(self._key_of(purpose)).decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _associated(name, bound_to)
            )
        except (InvalidTag, binascii.Error, ValueError):
            raise SealBroken from None

    def tag(self, purpose: str, content: str) -> str:
        """Return HMAC-SHA-256 of `content` under the purpose's key: 43 characters of base64url."""
        made = hmac.new(self._key_of(purpose), content.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")

    def _derived(self, purpose: str) -> bytes:
        info = b"contactpoint gateway.web " + purpose.encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._cookie_key)


def _associated(name: str, bound_to: str) -> bytes:
    return f"{name}\0{bound_to}".encode()
