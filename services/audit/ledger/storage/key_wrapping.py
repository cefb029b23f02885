"""Keys under a root secret that lies in a file: the local way of the port; transit or a hardware module are others."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.audit.ledger.domain.keyring import KEY_BYTES, expand

_NONCE_BYTES = 12


class FileKeyWrapping:
    """AES-256-GCM under a key derived from the root secret; name and environment are bound to what is wrapped."""

    def __init__(self, root_secret: bytes, *, environment: str) -> None:
        if len(root_secret) != KEY_BYTES:
            raise ValueError("the root secret has 32 bytes")
        self._cipher = AESGCM(expand(root_secret, b"contactpoint/ledger/wrapping"))
        self._environment = environment

    def wrap(self, key: bytes, name: str) -> bytes:
        """Return the key, wrapped under that name."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, self._place(name))

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """Return the key wrapped under that name; raises ValueError if it was not wrapped here, so, under that name."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], self._place(name))
        except InvalidTag:
            raise ValueError("not wrapped under this root secret, environment and name") from None

    def _place(self, name: str) -> bytes:
        return f"{self._environment}\0{name}".encode()
