"""The processes of the suite, and what is particular to each: the one table to amend."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

Setting = str | int | float | bool | tuple[str, ...] | list[str]


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process: how it starts and what its settings hold besides the common ones.

    `settings` may name folders of the deployment, `{root}`, `{mail}`, `{log}`, `{certificates}`, `{project}`, the
    process's own `{port}`, and the pages' address `{web}`.
    """

    name: str
    module: str
    has_database: bool = False
    uses_redis: bool = False
    #: it has a second certificate, which names this machine and nothing of ours
    faces_browsers: bool = False
    #: setting -> name of a file of 32 random bytes, one of its own for each process
    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    workers: int = 16
    #: the process that this is a second one of: with its database, certificate and settings
    stands_by: str = ""

    @property
    def kind(self) -> str:
        """The name under which others know it, whichever of several alike it is."""
        return self.stands_by or self.name

    @property
    def underscored(self) -> str:
        """The name as PostgreSQL's roles and databases have it: `audit_ledger`."""
        return self.kind.replace(".", "_")

    @property
    def dashed(self) -> str:
        """The name as a host name has it: `audit-ledger`."""
        return self.kind.replace(".", "-")

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
        settings={"mail_dir": "{mail}", "pages": "{web}"},
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
    Process(
        name="gateway.web",
        module="gateway.web",
        faces_browsers=True,
        secrets={"cookie_key": "gateway.web.cookie"},
        settings={
            "origin": "https://localhost:{port}",
            "browser_certificate": "{certificates}/gateway.web.browser.crt",
            "browser_private_key": "{certificates}/gateway.web.browser.key",
            "teams": "{project}/deploy/config/teams-synthetic.toml",
            "policy": "{project}/deploy/config/policy.md",
            "static_dir": "{project}/gen/static",
            "security_contacts": ["mailto:security@contactpoint.example"],
        },
        workers=32,
    ),
)

STANDBY = Process(
    name="audit.ledger.standby",
    module="services.audit.ledger",
    stands_by="audit.ledger",
    secrets={"root_secret": "audit.ledger.root"},
)
"""The ledger's second process. One of the two leads, whichever: suites that do not ask for it have the first alone."""
