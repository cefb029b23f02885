"""The settings of identity."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from services.identity.domain.session import SessionLimits
from services.runtime.config import ProcessConfig, read_secret, secret, setting

_ROOT_BYTES = 32
_LIMITS = Path(__file__).resolve().parents[2] / "deploy" / "config" / "limits.toml"


@dataclass(frozen=True, kw_only=True)
class IdentityConfig(ProcessConfig):
    """What identity is told besides what every process is."""

    database_url: str = setting(meaning="address of the database, for the role that serves")
    database_owner_url: str = setting("", meaning="address of the database for its owner; needed to migrate only")
    root_secret: Path = secret(meaning="32 random bytes from which every key of identity is made")
    mail_dir: Path = setting(meaning="folder to which mails are written as files; made if missing")
    pages: str = setting("", meaning="address of the pages, as https://host:port; mails lead there; empty: nowhere")
    limits: Path = setting(_LIMITS, meaning="file of ceilings, grid and deadlines, the same for every process")
    authorise_workers: int = setting(8, meaning="calls of Authorise served at once", least=1, most=64)
    sign_in_workers: int = setting(
        2, meaning="sign-ins served at once; few, so that a flood of them slows nobody else", least=1, most=64
    )
    hashes_at_once: int = setting(
        0, meaning="passwords hashed at once (0: one less than there are cores)", least=0, most=64
    )

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with these settings together."""
        for name in ("database_url", "database_owner_url"):
            found = getattr(self, name)
            if found and not found.startswith(("postgresql://", "postgresql+psycopg://")):
                yield f"{name}: must begin with postgresql://"
        if len(read_secret(self.root_secret)) != _ROOT_BYTES:
            yield f"root_secret: must have {_ROOT_BYTES} bytes"
        if "audit.ledger" not in self.peers:
            yield "peers: audit.ledger is missing"
        try:
            session_limits(self.limits)
        except (OSError, ValueError, KeyError, TypeError):
            yield "limits: cannot be read, or lacks [sessions] or [deadlines]"


def session_limits(path: Path) -> SessionLimits:
    """Return how long sessions and tokens live; raises OSError, KeyError, TypeError, ValueError."""
    given = tomllib.loads(path.read_text("utf-8"))
    return SessionLimits(
        idle=timedelta(minutes=given["sessions"]["idle_minutes"]),
        longest=timedelta(hours=given["sessions"]["longest_hours"]),
        token_seconds=min(10, int(given["deadlines"]["token_seconds"])),
    )


def driver_url(url: str) -> str:
    """Return a database's address with the driver that we use."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
