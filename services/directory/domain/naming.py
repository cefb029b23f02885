"""Names of what an act makes, drawn from the act's own, so that every retry names the same."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID


def uuid_of(act_id: bytes, purpose: str) -> UUID:
    """Return the UUID (in the form of version 4) of what an act makes."""
    return UUID(bytes=hmac.digest(act_id, purpose.encode(), hashlib.sha256)[:16], version=4)
