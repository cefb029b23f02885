"""The edge's settings."""

from dataclasses import dataclass
from pathlib import Path

from services.runtime.config import ProcessConfig, file, setting


@dataclass(frozen=True, kw_only=True)
class EdgeConfig(ProcessConfig):
    """What the edge is told."""

    limits: Path = file(meaning="ceilings, answer grid and deadlines: one file of data for all processes")
    redis_url: str = setting(meaning="where the rate windows are kept; losing them changes no decision for the worse")
    calls_a_minute: int = setting(
        600,
        meaning="calls that one session, or one channel without a session, may make in a minute",
        least=1,
        most=1_000_000,
    )
