"""`endpoints.json`: what any gRPC client needs to speak to the suite."""

from collections.abc import Mapping
from typing import Any

from deploy.local import private_files
from deploy.local.authority import Authority
from deploy.local.layout import Layout
from deploy.local.plan import Plan

_EDGE = "gateway.edge"
_WEB = "gateway.web"


def write_skeleton(layout: Layout, plan: Plan, ports: Mapping[str, int], authority: Authority) -> None:
    """Write addresses and files; keep users, scenarios and the like that are there already."""
    merge(
        layout,
        {
            "schema": 1,
            "environment": plan.environment,
            "edge": f"localhost:{ports[_EDGE]}" if _EDGE in ports else None,
            "web": f"https://localhost:{ports[_WEB]}" if _WEB in ports else None,
            "ca": str(authority.certificate),
            "log": {"folder": str(layout.published_log)},
            "mail": str(layout.mail),
        },
        defaults={"organisation_certificates": {}, "users": [], "scenarios": {}, "children": 0},
    )


def merge(layout: Layout, extra: Mapping[str, Any], *, defaults: Mapping[str, Any] | None = None) -> None:
    """Put `extra` into the file in one step: tables are merged, key by key, anything else is replaced."""
    with private_files.locked(layout.root / "endpoints.lock"):
        found = private_files.read_json(layout.endpoints)
        private_files.write_json(layout.endpoints, _merged({**(defaults or {}), **found}, extra))


def read(layout: Layout) -> dict[str, Any]:
    """Return what the file holds, nothing where there is none."""
    return private_files.read_json(layout.endpoints)


def _merged(found: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(found)
    for key, value in extra.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged
