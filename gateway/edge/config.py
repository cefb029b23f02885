"""The edge's settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.edge.grid import read_grid_seconds
from services.runtime.access import whole_table
from services.runtime.config import ProcessConfig, file, setting


def called() -> list[str]:
    """Return the processes that the edge calls: identity, and whoever owns an exposed method."""
    return sorted({method.process for method in whole_table().of_edge()} | {"identity"})


@dataclass(frozen=True, kw_only=True)
class EdgeConfig(ProcessConfig):
    """What the edge is told."""

    limits: Path = file(meaning="ceilings, answer grid and deadlines: one file of data for all processes")
    redis_url: str = setting(meaning="where the rate windows are kept; losing them changes no decision for the worse")
    calls_a_minute: int = setting(
        600, meaning="calls that one session may make in a minute", least=1, most=1_000_000_000
    )
    channel_calls_a_minute: int = setting(
        60_000,
        meaning="calls that one certificate may make in a minute, whatever its sessions",
        least=1,
        most=1_000_000_000,
    )
    sign_ins_a_second: int = setting(
        45,
        meaning="sign-ins that are taken in a second, and steps of enrolment; what comes faster is refused BUSY",
        least=1,
        most=1_000_000,
    )
    channel_sign_ins_a_second: int = setting(
        30,
        meaning="those of whom one certificate names: their flood leaves the rest to everybody else",
        least=1,
        most=1_000_000,
    )
    sign_in_workers: int = setting(
        8, meaning="sign-ins served at once: while they wait for identity they keep nobody else", least=1, most=64
    )

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with settings that are each well-formed."""
        try:
            read_grid_seconds(self.limits)
        except ValueError:
            yield "limits: answers.grid_milliseconds must be a whole number from 0 to 1000"
        if self.channel_sign_ins_a_second > self.sign_ins_a_second:
            yield "channel_sign_ins_a_second: must be at most sign_ins_a_second"
        for name in called():
            if name not in self.peers:
                yield f"peers: {name} is missing"
