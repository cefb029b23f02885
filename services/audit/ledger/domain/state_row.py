"""A row of the log of states: which record is limited, or what became of an own involvement; all of one size."""

from __future__ import annotations

import struct

from services.audit.ledger.domain.own_involvements import (
    ACT_BYTES,
    INVOLVEMENT_BYTES,
    PERSON_BYTES,
    OwnAnnounced,
    OwnEnded,
    OwnHeld,
)

StateRow = int | OwnHeld | OwnEnded | OwnAnnounced | None
"""A number that is limited from now; what becomes of an own involvement; or None, which says nothing."""

ROW_BYTES = 32
_LIMITED = struct.Struct(">BQ23x")
# The first byte is 0: to the release before, which knows of limited records alone, such a row says nothing.
_INVOLVEMENT = struct.Struct(f">xH5s{PERSON_BYTES}s{INVOLVEMENT_BYTES}s")
_ACT = struct.Struct(f">xH{ACT_BYTES}s{INVOLVEMENT_BYTES}s5x")
_NOTHING, _ENDED, _CONFIRMING, _ENDING, _HELD_FROM = 0, 1, 2, 3, 16
"""What the two bytes behind the first say; from the last on: held, so many days after the first day."""


def pack(row: StateRow) -> bytes:
    """Return the 32 bytes of a row."""
    match row:
        case OwnHeld(person, number, involvement, day):
            return _INVOLVEMENT.pack(_HELD_FROM + day, number.to_bytes(5, "big"), person, involvement)
        case OwnEnded(person, number, involvement):
            return _INVOLVEMENT.pack(_ENDED, number.to_bytes(5, "big"), person, involvement)
        case OwnAnnounced(act, involvement, ends):
            return _ACT.pack(_ENDING if ends else _CONFIRMING, act, involvement)
        case None:
            return bytes(ROW_BYTES)
        case limited:
            return _LIMITED.pack(1, limited)


def unpack(content: bytes) -> StateRow:
    """Return the row that `pack` packed; raises ValueError for anything else."""
    if len(content) != ROW_BYTES:
        raise ValueError("not a row of the log of states")
    is_limited, number = _LIMITED.unpack(content)
    if is_limited:
        return int(number)
    said, packed, person, involvement = _INVOLVEMENT.unpack(content)
    if said >= _HELD_FROM:
        return OwnHeld(person, int.from_bytes(packed, "big"), involvement, said - _HELD_FROM)
    if said == _ENDED:
        return OwnEnded(person, int.from_bytes(packed, "big"), involvement)
    if said in (_CONFIRMING, _ENDING):
        _, act, involvement = _ACT.unpack(content)
        return OwnAnnounced(act, involvement, said == _ENDING)
    if said == _NOTHING:
        return None
    raise ValueError("not a row of the log of states")
