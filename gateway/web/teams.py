"""Whom to telephone: the visitor's own team, by day and by night, from a file that needs nothing else to be up."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CODE = re.compile(r"[A-Z][0-9]{8}")
_NUMBER = re.compile(r"\+?[0-9][0-9 ]{2,20}")


class TeamsRefused(Exception):  # it names what happened
    """The file of teams cannot be used; its text says why."""


@dataclass(frozen=True, kw_only=True)
class Team:
    """One ContactPoint team."""

    name: str
    day: str
    """Telephone number in office hours, as it is written."""
    hours: str
    """When that is, such as "Monday to Friday, 8:30am to 5:30pm"."""
    night: str
    """Telephone number at all other times."""


@dataclass(frozen=True)
class Teams:
    """The teams by authority, and the national one for everybody else."""

    national: Team
    by_authority: Mapping[str, Team]

    def of(self, authority: str) -> Team:
        """Return the team of an authority (ONS code), the national one where it has none here."""
        return self.by_authority.get(authority, self.national)

    def all_by_name(self) -> list[Team]:
        """Return the authorities' teams by name."""
        return sorted(self.by_authority.values(), key=lambda team: team.name)


def read_teams(path: Path) -> Teams:
    """Return the teams of a file: `[national]` and one `[[authority]]` each; raises TeamsRefused."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise TeamsRefused("is not TOML") from None
    by_authority: dict[str, Team] = {}
    for one in given.get("authority", []):
        code = one.get("code")
        if not isinstance(code, str) or not _CODE.fullmatch(code) or code in by_authority:
            raise TeamsRefused("each [[authority]] has a nine-character code of its own")
        by_authority[code] = _team(one)
    return Teams(_team(given.get("national", {})), by_authority)


def _team(given: Mapping[str, Any]) -> Team:
    words = {name: given.get(name) for name in ("name", "day", "hours", "night")}
    if not all(isinstance(value, str) and value for value in words.values()):
        raise TeamsRefused("each team, and [national], has name, day, hours and night")
    if not all(_NUMBER.fullmatch(str(words[name])) for name in ("day", "night")):
        raise TeamsRefused("day and night are telephone numbers")
    return Team(**{name: str(value) for name, value in words.items()})
