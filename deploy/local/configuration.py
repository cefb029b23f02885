"""The settings file of each process, written anew at each of its starts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import databases, private_files
from deploy.local.authority import Authority
from deploy.local.layout import PROJECT, Layout
from deploy.local.plan import Plan
from deploy.local.postgres import PostgresServer
from deploy.local.processes import Process, Setting
from deploy.local.valkey import ValkeyServer


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Turns a plan into settings files; a secret is named there by its file, never written."""

    layout: Layout
    plan: Plan
    ports: Mapping[str, int]
    servers: Mapping[str, PostgresServer]
    authority: Authority

    def write(self, process: Process) -> Path:
        """Write the settings with which the process serves, and return their file."""
        path = file_of(self.layout, process)
        private_files.write(path, to_toml(self.values(process)).encode())
        return path

    def write_for_migrations(self, process: Process) -> Path:
        """Write the settings with which the process's database is migrated: the owner's address besides."""
        server = self.servers[self.plan.postgres_of(process)]
        owner_url = server.url(process.database, databases.owner(process))
        path = self.layout.configuration / f"{process.name}.migrate.toml"
        private_files.write(path, to_toml({**self.values(process), "database_owner_url": owner_url}).encode())
        return path

    def values(self, process: Process) -> dict[str, Any]:
        """Return the settings of a process: the common ones, its own, the plan's and those changed since."""
        layout, name = self.layout, process.name
        issued = self.authority.certificate_of(process)
        values: dict[str, Any] = {
            "process": process.kind,
            "environment": self.plan.environment,
            "host": "127.0.0.1",
            "port": self.ports[name],
            "health_port": self.ports[f"{name}.health"],
            "certificate": str(issued.certificate),
            "private_key": str(issued.private_key),
            "ca": str(self.authority.certificate),
            "workers": process.workers,
            "drain_seconds": 5.0,
            "telemetry_dir": str(layout.telemetry / name),
            "peers": self._peers_of(process),
        }
        if self.plan.process(process.kind).has_database:
            server = self.servers[self.plan.postgres_of(process)]
            values["database_url"] = server.url(process.database, databases.server_role(process))
        if process.uses_redis:
            values["redis_url"] = ValkeyServer(layout=layout).url
        values |= {setting: str(layout.secrets / file) for setting, file in process.secrets.items()}
        named = {
            "root": layout.root,
            "mail": layout.mail,
            "log": layout.published_log,
            "certificates": layout.certificates,
            "project": PROJECT,
            "port": self.ports[name],
            "web": f"https://localhost:{self.ports['gateway.web']}" if "gateway.web" in self.ports else "",
        }
        if process.faces_browsers:
            self.authority.browser_certificate(process)
        values |= {
            setting: value.format(**named) if isinstance(value, str) else value
            for setting, value in process.settings.items()
        }
        changed = overrides(layout)
        for one in dict.fromkeys((process.kind, name)):
            values |= {**self.plan.settings.get(one, {}), **changed.get(one, {})}
        return values

    def _peers_of(self, process: Process) -> dict[str, str]:
        """Return where the other processes are, several addresses where there are several alike."""
        found: dict[str, list[str]] = {}
        for other in self.plan.processes:
            if other.kind != process.kind:
                found.setdefault(other.kind, []).append(f"127.0.0.1:{self.ports[other.name]}")
        return {kind: ",".join(addresses) for kind, addresses in found.items()}


def file_of(layout: Layout, process: Process) -> Path:
    """Return where the settings of a process lie."""
    return layout.configuration / f"{process.name}.toml"


def overrides(layout: Layout) -> dict[str, dict[str, Setting]]:
    """Return the settings changed after the plan was made, by process."""
    return private_files.read_json(layout.overrides)


def to_toml(values: Mapping[str, Any]) -> str:
    """Return settings and tables of settings, one level deep, as TOML."""
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{_string(key)} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _string(value)
        case list() | tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case _:
            raise TypeError(type(value).__name__)


def _string(text: str) -> str:
    # JSON's strings are TOML's, but for the delete character, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
