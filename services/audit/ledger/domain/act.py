"""What the ledger keeps of an act, so that a retry gets the same answer and a crash can be driven on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from services.audit.ledger.domain.entry import Section


class ActState(IntEnum):
    """How far an act is."""

    PENDING = 1
    DONE = 2
    NOT_DONE = 3


@dataclass(frozen=True, slots=True)
class Written:
    """One child's statements that an act writes."""

    number: int
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act, as entered."""

    act_id: bytes
    request_digest: str
    """Hex SHA-256 of the outside request's bytes: the same key with other bytes is another request."""
    state: ActState
    index: int
    """The entry's index."""
    leaf: bytes
    at: datetime
    source: bytes = b""
    written: tuple[Written, ...] = ()
    """What becomes head, or goes, when the act is settled."""
    number: int = 0
    """The one child it is about, 0 if none."""
    by_whole_name: bool = False
    person: str = ""
    own: int = 0
    """1: the child becomes the person's own with the act; 2: it stops being so."""
    settles_itself: bool = False
    """Its effect is the ledger's; it is settled here, so that its row changes as any other's does."""


def to_bytes(act: Act) -> bytes:
    """Return what of an act is sealed: all but its name."""
    values = asdict(act)
    del values["act_id"]
    values["at"] = act.at.isoformat()
    values["leaf"], values["source"] = act.leaf.hex(), act.source.hex()
    values["written"] = [[one.number, *one.sections] for one in act.written]
    return json.dumps(values, separators=(",", ":")).encode()


def from_bytes(content: bytes, *, act_id: bytes) -> Act:
    """Return the act that `to_bytes` wrote."""
    values: dict[str, Any] = json.loads(content)
    values["at"], values["state"] = datetime.fromisoformat(values["at"]), ActState(values["state"])
    values["leaf"], values["source"] = bytes.fromhex(values["leaf"]), bytes.fromhex(values["source"])
    values["written"] = tuple(Written(one[0], tuple(Section(s) for s in one[1:])) for one in values["written"])
    return Act(act_id=act_id, **values)
