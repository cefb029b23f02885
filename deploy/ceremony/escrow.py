"""Root secrets in one sealed file, and the file's key as SLIP-39 shares: a quorum opens it, fewer learn nothing.

The file may lie beside the backups. SLIP-39 (SatoshiLabs) is Shamir's scheme over GF(256) with a digest of the
secret and a checksum of each share, in words that a person can write down.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import shamir_mnemonic
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
MOST_SHARES = 16
FEWEST_NEEDED = 2
_FORMAT = 1
_NONCE_BYTES = 12
_INFO = b"contactpoint ceremony: root secrets, format 1"


class CeremonyRefused(Exception):  # it names what happened
    """What was brought does not open the file, or the file is none; the text says what to do and holds no secret."""


@dataclass(frozen=True, kw_only=True)
class Escrow:
    """What the sealed file says in the clear."""

    environment: str
    shares: int
    needed: int
    digests: Mapping[str, str]
    """SHA-256 (hex) of each secret by name: tells nothing of 32 random bytes, and proves the right ones came back."""
    nonce: bytes
    sealed: bytes

    def to_bytes(self) -> bytes:
        """Return the file's bytes."""
        value = {**self._head(), "nonce": _text(self.nonce), "sealed": _text(self.sealed)}
        return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> Escrow:
        """Return what the file says; raises CeremonyRefused."""
        try:
            value: dict[str, Any] = json.loads(content)
            if value["format"] != _FORMAT:
                raise CeremonyRefused("The sealed file has a newer format than this release reads.")
            return cls(
                environment=str(value["environment"]),
                shares=int(value["shares"]),
                needed=int(value["needed"]),
                digests={str(name): str(digest) for name, digest in value["digests"].items()},
                nonce=base64.b64decode(value["nonce"], validate=True),
                sealed=base64.b64decode(value["sealed"], validate=True),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CeremonyRefused("This is not a sealed file of root secrets.") from None

    def bound(self) -> bytes:
        """Return what is authenticated with the secrets: everything that stands in the clear."""
        return json.dumps(self._head(), sort_keys=True, separators=(",", ":")).encode()

    def _head(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "environment": self.environment,
            "shares": self.shares,
            "needed": self.needed,
            "digests": dict(self.digests),
        }


def seal(
    root_secrets: Mapping[str, bytes], *, environment: str, shares: int, needed: int
) -> tuple[Escrow, tuple[str, ...]]:
    """Return the sealed file, and the shares in words, one for each custodian.

    Raises CeremonyRefused for a quorum that one person is, or that nobody can bring together.
    """
    if not FEWEST_NEEDED <= needed <= shares <= MOST_SHARES:
        raise CeremonyRefused(
            f"At least {FEWEST_NEEDED} shares must be needed, no more than there are, and at most {MOST_SHARES} made."
        )
    if not root_secrets:
        raise CeremonyRefused("There is no secret to seal.")
    key, nonce = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
    head = Escrow(
        environment=environment,
        shares=shares,
        needed=needed,
        digests={name: hashlib.sha256(secret).hexdigest() for name, secret in sorted(root_secrets.items())},
        nonce=nonce,
        sealed=b"",
    )
    content = json.dumps({name: secret.hex() for name, secret in sorted(root_secrets.items())}).encode()
    sealed = AESGCM(_sealing_key(key)).encrypt(nonce, content, head.bound())
    (words,) = shamir_mnemonic.generate_mnemonics(1, [(needed, shares)], key)
    escrow = Escrow(**{**head.__dict__, "sealed": sealed})
    # Nobody leaves the room with shares that were never tried.
    if unseal(escrow, words[:needed]) != dict(root_secrets) or unseal(escrow, words[-needed:]) != dict(root_secrets):
        raise CeremonyRefused("The shares do not open what they were made for. Do not use them.")
    return escrow, tuple(words)


def unseal(escrow: Escrow, shares: Iterable[str]) -> dict[str, bytes]:
    """Return the root secrets by name; raises CeremonyRefused if these shares do not open this file."""
    distinct = {" ".join(share.split()).lower() for share in shares}
    try:
        key = shamir_mnemonic.combine_mnemonics(distinct)
    except shamir_mnemonic.MnemonicError:
        raise CeremonyRefused(
            f"These shares do not belong together, or are not {escrow.needed}: check each word against the card."
        ) from None
    try:
        content = AESGCM(_sealing_key(key)).decrypt(escrow.nonce, escrow.sealed, escrow.bound())
    except InvalidTag:
        raise CeremonyRefused("The shares are of another ceremony, or the sealed file was changed.") from None
    found = {name: bytes.fromhex(secret) for name, secret in json.loads(content).items()}
    if {name: hashlib.sha256(secret).hexdigest() for name, secret in found.items()} != dict(escrow.digests):
        raise CeremonyRefused("What came out is not what was sealed.")
    return found


def check_share(words: str) -> None:
    """Raise CeremonyRefused unless the words are one whole share: each has a checksum of its own."""
    try:
        shamir_mnemonic.Share.from_mnemonic(" ".join(words.split()).lower())
    except shamir_mnemonic.MnemonicError:
        raise CeremonyRefused("These words are not a share: one of them is wrong or missing.") from None


def _sealing_key(key: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=_INFO).derive(key)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
