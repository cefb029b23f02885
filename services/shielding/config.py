"""Shielding's settings."""

from dataclasses import dataclass
from pathlib import Path

from services.runtime.config import ProcessConfig, secret, setting


@dataclass(frozen=True, kw_only=True)
class ShieldingConfig(ProcessConfig):
    """What shielding is told."""

    database_url: str = setting(meaning="its database, as the role that serves")
    database_owner_url: str = setting("", meaning="its database, as the role that owns the tables; for `migrate` alone")
    root_secret: Path = secret(meaning="32 bytes: numbers and pending acts are sealed under it")
