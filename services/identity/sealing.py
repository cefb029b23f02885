"""Keys made from the root secret, by purpose: without it nothing sealed can be read, and nothing tagged made up."""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_KEY_BYTES = 32
_ROOT_BYTES = 32


class SealBroken(ValueError):  # it names what was found
    """A sealed value was not made by us for this place."""


class Seals:
    """Seals (AES-256-GCM) and tags (HMAC-SHA-256), each purpose with a key of its own (HKDF-SHA-256)."""

    def __init__(self, root_secret: bytes) -> None:
        if len(root_secret) != _ROOT_BYTES:
            raise ValueError("the root secret has 32 bytes")
        self._root = root_secret
        self._key = lru_cache(maxsize=64)(self._derived)

    def seal(self, purpose: str, plain: bytes, *place: str) -> bytes:
        """Return `plain` sealed for one purpose and one place, such as a row's key."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key(f"seal:{purpose}")).encrypt(nonce, plain, _joined(place))

    def open(self, purpose: str, sealed: bytes, *place: str) -> bytes:
        """Return what was sealed for this purpose and place; raises SealBroken for anything else."""
        try:
            return AESGCM(self._key(f"seal:{purpose}")).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _joined(place)
            )
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def tag(self, purpose: str, *parts: str | bytes) -> bytes:
        """Return 32 bytes that say these parts, in this order, were put together by us."""
        return hmac.digest(self._key(f"tag:{purpose}"), _joined(parts), "sha256")

    def is_tag(self, tag: bytes, purpose: str, *parts: str | bytes) -> bool:
        """Whether a tag is ours for these parts."""
        return hmac.compare_digest(tag, self.tag(purpose, *parts))

    def _derived(self, purpose: str) -> bytes:
        made = HKDF(
            algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=f"contactpoint.identity:{purpose}".encode()
        )
        return made.derive(self._root)


def digest_of(secret: str | bytes) -> bytes:
    """Return the SHA-256 of a random secret of 256 bits, which needs no more than that."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).digest()


def _joined(parts: tuple[str | bytes, ...]) -> bytes:
    # With lengths, so that no two lists of parts look alike.
    spelt = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in spelt)
