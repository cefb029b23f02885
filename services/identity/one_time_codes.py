"""One-time codes by time (RFC 6238): six digits, thirty seconds, one step of grace on either side."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

STEP_SECONDS = 30
_GRACE_STEPS = 1
_ISSUER = "ContactPoint"


def new_secret() -> str:
    """Return a new authenticator's secret: 160 random bits, base32."""
    return pyotp.random_base32(32)


def uri(secret: str, username: str) -> str:
    """Return the otpauth:// address of an authenticator."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=_ISSUER)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step whose code this is, the newest that fits, else None; the work is the same in every case."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    found: int | None = None
    for step in range(current - _GRACE_STEPS, current + _GRACE_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found


def code_at(secret: str, now: datetime) -> str:
    """Return the code that an authenticator shows at an instant."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).generate_otp(int(now.timestamp()) // STEP_SECONDS)
