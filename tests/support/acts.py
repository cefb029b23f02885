"""Acts and the keys that sign them, for tests of anything that takes a transaction token."""

from __future__ import annotations

import dataclasses
import hashlib
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.runtime import tokens
from services.runtime.tokens import Act, Standing

KID = "test-1"


class SigningKey:
    """A signing key that is its own list of verification keys."""

    def __init__(self, kid: str = KID) -> None:
        self.kid = kid
        self.private = Ed25519PrivateKey.generate()

    def key(self, kid: str) -> Ed25519PublicKey | None:
        """Return the public key, if `kid` is its name."""
        return self.private.public_key() if kid == self.kid else None

    def sign(self, act: Act) -> str:
        """Return the act's token."""
        return tokens.sign(act, self.private, self.kid)


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or datetime.now(UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def move(self, seconds: float) -> None:
        """Let that many seconds pass (or go back, for the instant)."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += max(seconds, 0.0)


def an_act(request: bytes = b"", *, now: float | None = None, **changed: Any) -> Act:
    """Return a practitioner's act on `request`, with some claims changed."""
    issued = int(time.time() if now is None else now)
    act = Act(
        aud="directory",
        mth="/contactpoint.directory.v1.DirectoryService/OpenRecord",
        req=hashlib.sha256(request).hexdigest(),
        jti=str(uuid.uuid4()),
        iat=issued,
        exp=issued + tokens.LONGEST_LIFE_SECONDS,
        env="synthetic",
        org=str(uuid.uuid4()),
        acr=tokens.TWO_FACTOR,
        amr=("pwd", "otp"),
        cnf="c" * 64,
        std=(Standing("person", str(uuid.uuid4()), "a" * 64), Standing("service", "service", "b" * 64)),
        sub=str(uuid.uuid4()),
        sid=str(uuid.uuid4()),
        rol="ROLE_PRACTITIONER",
        aut="E08000001",
    )
    return dataclasses.replace(act, **changed)


def a_suppliers_act(request: bytes = b"", **changed: Any) -> Act:
    """Return a supplier system's act on `request`, with some claims changed."""
    nobody = {"sub": None, "sid": None, "rol": None, "aut": None, "amr": (), "acr": tokens.SYSTEM}
    return an_act(request, **{**nobody, "sys": str(uuid.uuid4()), **changed})
