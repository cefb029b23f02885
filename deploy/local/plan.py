"""What one deployment consists of: kept in its folder, so that the supervisor and every caller see the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from deploy.local import private_files
from deploy.local.layout import Layout
from deploy.local.processes import PROCESSES, Process, Setting

_MEGABYTE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Processes, their settings, and where PostgreSQL's data lie.

    `settings` and `dedicated_postgres` are by process name; `fixed_ports` by process name or `<name>.health`.
    """

    environment: str = "synthetic"
    processes: tuple[Process, ...] = PROCESSES
    settings: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict)
    dedicated_postgres: Mapping[str, Path] = field(default_factory=dict)
    fixed_ports: Mapping[str, int] = field(default_factory=dict)
    free_bytes_needed: int = 512 * _MEGABYTE
    patience_seconds: float = 60.0

    def process(self, name: str) -> Process:
        """Return the process of this name; raises KeyError."""
        return {process.name: process for process in self.processes}[name]

    @property
    def with_database(self) -> tuple[Process, ...]:
        """The processes that have a database."""
        return tuple(process for process in self.processes if process.has_database)

    def postgres_of(self, process: Process) -> str:
        """Return the name of the PostgreSQL that holds the process's database."""
        return f"postgres.{process.kind}" if process.kind in self.dedicated_postgres else "postgres"

    def is_like(self, other: "Plan") -> bool:
        """Say whether both mean the same suite; how patient one is, or how much space it wants, does not matter."""
        return _meaning(self) == _meaning(other)

    def write(self, layout: Layout) -> None:
        """Keep the plan in the deployment's folder."""
        private_files.write_json(layout.plan, self.to_json())

    @classmethod
    def read(cls, layout: Layout) -> Self | None:
        """Return the plan kept in the folder, None where there is none."""
        value = private_files.read_json(layout.plan)
        if not value:
            return None
        processes = tuple(Process.from_json(one) for one in value.pop("processes"))
        dedicated = {name: Path(path) for name, path in value.pop("dedicated_postgres").items()}
        return cls(processes=processes, dedicated_postgres=dedicated, **value)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        return {
            "environment": self.environment,
            "processes": [process.to_json() for process in self.processes],
            "settings": {name: dict(settings) for name, settings in self.settings.items()},
            "dedicated_postgres": {name: str(path) for name, path in self.dedicated_postgres.items()},
            "fixed_ports": dict(self.fixed_ports),
            "free_bytes_needed": self.free_bytes_needed,
            "patience_seconds": self.patience_seconds,
        }


def _meaning(plan: Plan) -> str:
    beside = {"free_bytes_needed", "patience_seconds"}
    return json.dumps({key: value for key, value in plan.to_json().items() if key not in beside}, sort_keys=True)
