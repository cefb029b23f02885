"""What a handle says, once the ledger has opened it: which child or search, for which session, since when."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass
from enum import IntEnum

PAYLOAD_BYTES = 36
HANDLE_BYTES = 64

_PAYLOAD = struct.Struct(">BBQ16sQ2x")
_BY_WHOLE_NAME = 1


class HandleKind(IntEnum):
    """What a handle names."""

    CHILD = 1
    SEARCH = 2


@dataclass(frozen=True, slots=True)
class Handle:
    """An opened handle. That it opened says that we minted it, not that it is good now or here."""

    kind: HandleKind
    named: int
    """A child's number, or the index of a search's entry."""
    session_tag: str
    minted_at_ms: int
    """Milliseconds since 1970."""
    by_whole_name: bool = False
    """The child was found by its whole current name and nothing else: the handle outlives the record's closing."""


def pack(handle: Handle) -> bytes:
    """Return the 36 bytes that are sealed."""
    flags = _BY_WHOLE_NAME if handle.by_whole_name else 0
    session = uuid.UUID(handle.session_tag).bytes
    return _PAYLOAD.pack(handle.kind, flags, handle.named, session, handle.minted_at_ms)


def unpack(payload: bytes) -> Handle:
    """Return what 36 unsealed bytes say; raises ValueError for anything else."""
    if len(payload) != PAYLOAD_BYTES or payload[-2:] != b"\0\0":
        raise ValueError("not a handle")
    kind, flags, named, session, minted_at_ms = _PAYLOAD.unpack(payload)
    return Handle(HandleKind(kind), named, str(uuid.UUID(bytes=session)), minted_at_ms, bool(flags & _BY_WHOLE_NAME))
