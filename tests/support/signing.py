"""Identity's own signing key, taken out of a running suite: so that a hostile token fails by what it says alone."""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.suite import Suite
from services.identity.sealing import Seals
from services.runtime import tokens


@dataclass(frozen=True)
class TakenKey:
    """A signing key of identity with its name."""

    kid: str
    private: Ed25519PrivateKey

    @property
    def header(self) -> dict[str, Any]:
        """The header that identity writes."""
        return {"alg": tokens.ALGORITHM, "kid": self.kid, "typ": tokens.TYPE}

    def sign(self, claims: object, header: object = None) -> str:
        """Return a token of any header and claims, with a good signature over them."""
        text = f"{part(self.header if header is None else header)}.{part(claims)}"
        return f"{text}.{part(self.private.sign(text.encode()))}"


def taken_key(suite: Suite) -> TakenKey:
    """Return the key that signs now, opened with identity's root secret."""
    seals = Seals(Path(str(suite.config("identity")["root_secret"])).read_bytes())
    rows = suite.psql(
        "identity",
        "SELECT kid, sealed_private_key, not_before, not_after FROM token_key"
        " WHERE not_before <= now() ORDER BY not_before",
    )
    kid, sealed, not_before, not_after = rows[-1]
    place = (kid, _utc(not_before), _utc(not_after))
    return TakenKey(kid, Ed25519PrivateKey.from_private_bytes(seals.open("token key", bytes(sealed), *place)))


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, unverified."""
    segment = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return found


def fresh(claims: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return the claims as of now, with a new name, and with some changed."""
    now = int(time.time())
    return {**claims, "jti": str(uuid.uuid4()), "iat": now, "exp": now + tokens.LONGEST_LIFE_SECONDS, **changed}


def part(value: object) -> str:
    """Return one segment of a token."""
    content = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _utc(instant: datetime) -> str:
    return str(instant.astimezone(UTC).isoformat())
