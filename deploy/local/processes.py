"""The processes of the suite, and what is particular to each: the one table to amend."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

Setting = str | int | float | bool | tuple[str, ...] | list[str]


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process: how it starts and what its settings hold besides the common ones.

    `settings` may name folders of the deployment: `{root}`, `{mail}`, `{log}`, `{project}`.
    """

    name: str
    module: str
    has_database: bool = False
    uses_redis: bool = False
    #: setting -> name of a file of 32 random bytes, one of its own for each process
    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    workers: int = 16

    @property
    def underscored(self) -> str:
        """The name as PostgreSQL's roles and databases have it: `audit_ledger`."""
        return self.name.replace(".", "_")

    @property
    def dashed(self) -> str:
        """The name as a host name has it: `audit-ledger`."""
        return self.name.replace(".", "-")

    @property
    def database(self) -> str:
        """The name of its database."""
        return f"contactpoint_{self.underscored}"

    def to_json(self) -> dict[str, Any]:
        """Return the process as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the process that `to_json` wrote."""
        return cls(**value)


PROCESSES: tuple[Process, ...] = (
    Process(
        name="audit.ledger",
        module="services.audit.ledger",
        has_database=True,
        secrets={"root_secret": "audit.ledger.root"},
    ),
    Process(
        name="audit.review",
        module="services.audit.review",
        has_database=True,
        settings={"log_dir": "{log}"},
    ),
    Process(
        name="identity",
        module="services.identity",
        has_database=True,
        secrets={"root_secret": "identity.root"},
        settings={"mail_dir": "{mail}"},
    ),
    Process(
        name="directory",
        module="services.directory",
        has_database=True,
        secrets={"root_secret": "directory.root", "half_key": "directory.half"},
    ),
    Process(
        name="shielding",
        module="services.shielding",
        has_database=True,
        secrets={"root_secret": "shielding.root"},
    ),
    Process(
        name="gateway.edge",
        module="gateway.edge",
        uses_redis=True,
        settings={"limits": "{project}/deploy/config/limits.toml"},
        workers=32,
    ),
)
