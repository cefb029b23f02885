"""Places in lists, sealed so that callers cannot read, alter or carry them to another list."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.directory.domain.providers import ProviderFilter
from services.runtime.errors import InvalidRequest

_NONCE = 12


@dataclass(frozen=True, kw_only=True, repr=False)
class SealedPageTokens:
    """Page tokens under a key of this directory: AES-256-GCM, bound to what the list was asked for."""

    key: bytes

    def seal(self, last: UUID, wanted: ProviderFilter) -> bytes:
        """Return the token of the place after `last`."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, last.bytes, _binding(wanted))

    def open(self, token: bytes, wanted: ProviderFilter) -> UUID:
        """Return the place; raises InvalidRequest for a token that is not ours, or is another list's."""
        try:
            return UUID(bytes=AESGCM(self.key).decrypt(token[:_NONCE], token[_NONCE:], _binding(wanted)))
        except (InvalidTag, ValueError):
            raise InvalidRequest([("page_token", "NOT_OF_THIS_LIST")]) from None


def _binding(wanted: ProviderFilter) -> bytes:
    kind = wanted.kind.name if wanted.kind is not None else ""
    whose = f"{wanted.organisation_id}/" if wanted.organisation_id is not None else ""
    return hashlib.sha256(f"providers/{whose}{kind}/{wanted.authority}/{wanted.name_starts_with}".encode()).digest()
