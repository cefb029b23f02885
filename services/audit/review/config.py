"""The review's settings."""

from dataclasses import dataclass
from pathlib import Path

from services.runtime.config import ProcessConfig, setting


@dataclass(frozen=True, kw_only=True)
class ReviewConfig(ProcessConfig):
    """What the review is told."""

    database_url: str = setting(meaning="its database, as the role that serves")
    database_owner_url: str = setting("", meaning="its database, as the role that owns the tables; for `migrate` alone")
    log_dir: Path = setting(
        meaning="folder of the log's public files; everybody may read it, this process alone writes"
    )
    publish_seconds: float = setting(1.0, meaning="how often the public files follow the ledger", least=0.1, most=3600)
