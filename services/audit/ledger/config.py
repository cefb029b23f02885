"""The ledger's settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.audit.ledger.ports import LEASE_SECONDS
from services.runtime.config import ProcessConfig, read_secret, secret, setting

_LIMITS = Path(__file__).resolve().parents[3] / "deploy" / "config" / "limits.toml"
_ROOT_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class LedgerConfig(ProcessConfig):
    """What the ledger is told."""

    database_url: str = setting(meaning="address of the ledger's database for the role that serves; no secret in it")
    database_owner_url: str = setting("", meaning="address of the same database for its owner; migrate alone needs it")
    root_secret: Path = secret(meaning="32 random bytes under which every key of the ledger is wrapped")
    limits: Path = setting(_LIMITS, meaning="file of ceilings, answer grid and deadlines")
    batch: int = setting(256, meaning="most calls committed at once", least=1, most=4096)
    lease_seconds: float = setting(
        LEASE_SECONDS, meaning="how long a leader that says nothing still leads; the same for both", least=1, most=60
    )
    queue: int = setting(
        1024, meaning="most calls that may wait for the writer; more are refused BUSY", least=1, most=65536
    )

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the settings taken together."""
        if "identity" not in self.peers:
            yield 'peers: "identity" is missing; its keys verify tokens'
        if len(read_secret(self.root_secret)) != _ROOT_SECRET_BYTES:
            yield "root_secret: must have 32 bytes"
        if not self.limits.is_file():
            yield "limits: there is no such file"
