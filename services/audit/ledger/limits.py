"""The ceilings that the ledger keeps, read from the one file of ceilings, grid and deadlines."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.runtime.config import ConfigRefused

COUNTED = ("opened", "rows", "homes", "searches", "intake", "created")
PARTIES = ("person", "organisation", "system", "service")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A day's ceilings by party, and how long handles and sessions are good."""

    ceilings: Mapping[tuple[str, str], int]
    """(party kind, what is counted) -> the most in a day in London."""
    child_handle_seconds: int
    search_handle_seconds: int
    session_seconds: int
    digest: bytes
    """SHA-256 of the file's bytes."""


def read(path: Path) -> Limits:
    """Return the limits that the file says; raises ConfigRefused if it does not say them all as whole numbers."""
    try:
        content = path.read_bytes()
        said = tomllib.loads(content.decode())
    except (OSError, ValueError) as error:
        raise ConfigRefused([f"limits: cannot be read ({type(error).__name__})"]) from None
    problems: list[str] = []

    def number(table: Mapping[str, Any], name: str, *, where: str) -> int:
        value = table.get(name)
        if type(value) is not int or value < 0:
            problems.append(f"limits: {where}.{name} must be a whole number")
            return 0
        return value

    ceilings = {
        (party, counted): number(table, counted, where=f"ceilings.{party}")
        for party in PARTIES
        for table in [said.get("ceilings", {}).get(party, {})]
        for counted in COUNTED
        if counted in table
    }
    problems += [
        f"limits: ceilings.{party}.{counted} is missing"
        for party, counted in (("person", "opened"), ("person", "rows"), ("person", "homes"), ("service", "opened"))
        if (party, counted) not in ceilings
    ]
    handles, sessions = said.get("handles", {}), said.get("sessions", {})
    found = Limits(
        ceilings=ceilings,
        child_handle_seconds=60 * number(handles, "child_minutes", where="handles"),
        search_handle_seconds=60 * number(handles, "search_minutes", where="handles"),
        session_seconds=3600 * number(sessions, "longest_hours", where="sessions"),
        digest=hashlib.sha256(content).digest(),
    )
    if problems:
        raise ConfigRefused(problems)
    return found
