"""Between a pending act and the bytes that are sealed in its row."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from services.identity.domain import acts, standing

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        acts.ActName,
        acts.ChangeOfMediation,
        acts.ChangeOfStanding,
        acts.Contact,
        acts.EndOfSessions,
        acts.FirstParties,
        acts.NewFactors,
        acts.NewLink,
        acts.NewOrganisation,
        acts.NewPerson,
        acts.NewSystem,
        acts.Note,
        acts.Outcome,
        acts.PendingAct,
        acts.Receipt,
        acts.Shape,
        acts.Unlock,
        standing.Party,
    )
}


def write(act: acts.PendingAct) -> bytes:
    """Return a pending act as JSON."""
    return json.dumps(_plain(act), separators=(",", ":")).encode()


def read(text: bytes) -> acts.PendingAct:
    """Return the pending act that `write` wrote."""
    found = _made(json.loads(text))
    if not isinstance(found, acts.PendingAct):
        raise TypeError
    return found


def outcome_to_json(outcome: acts.Outcome) -> str:
    """Return an outcome as JSON."""
    return json.dumps(_plain(outcome))


def outcome_from_json(value: Any) -> acts.Outcome:
    """Return the outcome that `outcome_to_json` wrote, from its parsed JSON."""
    found = _made(value)
    if not isinstance(found, acts.Outcome):
        raise TypeError
    return found


def _plain(value: Any) -> Any:  # noqa: PLR0911  # a line a type
    match value:
        case None | bool() | int() | str():
            return value
        case bytes():
            return {"bytes": value.hex()}
        case datetime():
            return {"time": value.isoformat()}
        case acts.Shape():
            return {"kind": "Shape", "value": value.value}
        case acts.ActName() | standing.Party():
            return {"kind": type(value).__name__, "items": list(value)}
        case tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value) and type(value).__name__ in _KINDS:
            said = {field.name: getattr(value, field.name) for field in fields(value)}
            # What is absent is left out: a field that is new and unused is none to the release before.
            named = {name: _plain(item) for name, item in said.items() if item is not None}
            return {"kind": type(value).__name__, "fields": named}
        case _:
            raise TypeError(type(value).__name__)


def _made(value: Any) -> Any:  # noqa: PLR0911  # a line a type
    match value:
        case {"bytes": str(text)}:
            return bytes.fromhex(text)
        case {"time": str(text)}:
            return datetime.fromisoformat(text)
        case {"kind": "Shape", "value": text}:
            return acts.Shape(text)
        case {"kind": kind, "items": items}:
            return _KINDS[kind](*items)
        case {"kind": kind, "fields": named}:
            return _KINDS[kind](**{name: _made(item) for name, item in named.items()})
        case list():
            return tuple(_made(item) for item in value)
        case _:
            return value
