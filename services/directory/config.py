"""The directory's settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.runtime.config import ConfigRefused, ProcessConfig, read_secret, secret, setting

_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class DirectoryConfig(ProcessConfig):
    """What the directory is told besides what every process is."""

    database_url: str = setting(meaning="address of the database, as the role that serves")
    database_owner_url: str = setting(
        "", meaning="address of the database, as the role that migrates; for `migrate` alone"
    )
    root_secret: Path = secret(meaning="32 bytes: row tags, dummies, criteria digests, page tokens")
    half_key: Path = secret(meaning="32 bytes: this directory's half of every statement's key")
    sweep_seconds: float = setting(5.0, meaning="how often unsettled acts are driven on", least=0.1, most=60)
    index_key_seconds: float = setting(
        0.5, meaning="how often the ledger is asked for the index key until it answers", least=0.05, most=60
    )

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with settings that are each well-formed."""
        for name in ("root_secret", "half_key"):
            try:
                length = len(read_secret(getattr(self, name)))
            except ConfigRefused:
                continue
            if length != _SECRET_BYTES:
                yield f"{name}: must be {_SECRET_BYTES} bytes"
        for peer in ("audit.ledger", "identity"):
            if peer not in self.peers:
                yield f"peers: {peer} is missing"
