"""Shielding's settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.runtime.config import ProcessConfig, read_secret, secret, setting
from services.shielding.sealing import ROOT_SECRET_BYTES

CALLED = ("identity", "audit.ledger")
"""The processes that shielding calls."""


@dataclass(frozen=True, kw_only=True)
class ShieldingConfig(ProcessConfig):
    """What shielding is told."""

    database_url: str = setting(meaning="its database, as the role that serves")
    database_owner_url: str = setting("", meaning="its database, as the role that owns the tables; for `migrate` alone")
    root_secret: Path = secret(meaning="32 bytes: numbers and pending acts are sealed under it")

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with settings that are each well-formed."""
        if len(read_secret(self.root_secret)) != ROOT_SECRET_BYTES:
            yield f"root_secret: must be {ROOT_SECRET_BYTES} bytes"
        for name in CALLED:
            if name not in self.peers:
                yield f"peers: {name} is missing"
