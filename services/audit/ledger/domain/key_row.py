"""A child's key row: the root key, the record's state, the versions of its statements; in bytes of a few sizes."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass, field, replace
from enum import IntEnum

from services.audit.ledger.domain.entry import Section

SIZES = (1024, 2048, 4096)
"""What a sealed row may measure, nonce and authentication tag included."""
SEAL_BYTES = 28
MOST_OWN = 16
MOST_STATEMENTS = 60
MOST_SHOWN_STATEMENTS = 31
"""In `identity` and `services` together: with a pending version each, their keys still fit one answer."""

_FORMAT = 1
_HEAD = struct.Struct(">BQ32sB9sQBBB")
_STATEMENT = struct.Struct(">B16sIIB")
_LENGTH = struct.Struct(">H")


class State(IntEnum):
    """What the record is to those who find it."""

    OPEN = 1
    LIMITED_INTERIM = 2
    """Closed by one person, until a second approves."""
    LIMITED = 3
    VOID = 4
    """Its creation was given up: there is no such child, and never will be one of this number."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The versions of one source's statements in one section."""

    section: Section
    source: bytes
    head: int
    """0: nothing stands yet."""
    last: int
    """The highest version ever given out, so that none is given twice."""
    pending_act: bytes = b""
    """The act that writes version `last`; empty where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """What the ledger keeps of one child."""

    number: int
    root_key: bytes = field(repr=False)
    state: State
    authority: str
    redirect: int = 0
    """The number of the record this one was merged into; unused so far."""
    closed_by: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    """Persons whose own involvement this child is."""
    statements: tuple[Statement, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether only the limited form may be shown."""
        return self.state in (State.LIMITED, State.LIMITED_INTERIM)

    def statement(self, section: Section, source: bytes) -> Statement | None:
        """Return the versions of a source's statements in a section, if it ever wrote any."""
        return next((one for one in self.statements if (one.section, one.source) == (section, source)), None)

    def with_statement(self, changed: Statement) -> KeyRow:
        """Return the row with one statement's versions replaced, or added."""
        key = (changed.section, changed.source)
        others = tuple(one for one in self.statements if (one.section, one.source) != key)
        return replace(self, statements=(*others, changed))

    def has_room_for(self, section: Section) -> bool:
        """Return whether one more source can write in a section."""
        shown = sum(one.section in (Section.IDENTITY, Section.SERVICES) for one in self.statements)
        is_shown = section in (Section.IDENTITY, Section.SERVICES)
        return len(self.statements) < MOST_STATEMENTS and not (is_shown and shown >= MOST_SHOWN_STATEMENTS)

    def settled(self, act_id: bytes, *, is_done: bool) -> KeyRow:
        """Return the row after an act ended: its pending versions are heads, or gone."""
        statements = tuple(
            replace(one, head=one.last if is_done else one.head, pending_act=b"") if one.pending_act == act_id else one
            for one in self.statements
        )
        is_void = not is_done and not any(one.head or one.pending_act for one in statements)
        return replace(self, statements=statements, state=State.VOID if is_void else self.state)


def pack(row: KeyRow) -> bytes:
    """Return the row's bytes, padded so that sealed they have one of SIZES.

    Raises ValueError for a row that no size holds.
    """
    parts = [
        _HEAD.pack(
            _FORMAT,
            row.number,
            row.root_key,
            row.state,
            row.authority.encode(),
            row.redirect,
            len(row.closed_by),
            len(row.own),
            len(row.statements),
        ),
        *(uuid.UUID(person).bytes for person in (*row.closed_by, *row.own)),
    ]
    for one in row.statements:
        parts.append(_STATEMENT.pack(one.section, one.source, one.head, one.last, bool(one.pending_act)))
        parts.append(one.pending_act)
    return padded(b"".join(parts), SIZES)


def unpack(padded_row: bytes) -> KeyRow:
    """Return the row that `pack` wrote; raises ValueError for anything else."""
    raw = unpadded(padded_row)
    try:
        form, number, root_key, state, authority, redirect, closed, own, statements = _HEAD.unpack_from(raw)
        at = _HEAD.size
        persons = []
        for _ in range(closed + own):
            persons.append(str(uuid.UUID(bytes=raw[at : at + 16])))
            at += 16
        found = []
        for _ in range(statements):
            section, source, head, last, is_pending = _STATEMENT.unpack_from(raw, at)
            at += _STATEMENT.size
            act = raw[at : at + 32] if is_pending else b""
            at += len(act)
            found.append(Statement(Section(section), source, head, last, act))
    except struct.error:
        raise ValueError("not a key row") from None
    if form != _FORMAT or at != len(raw):
        raise ValueError("not a key row")
    return KeyRow(
        number=number,
        root_key=root_key,
        state=State(state),
        authority=authority.rstrip(b"\0").decode(),
        redirect=redirect,
        closed_by=tuple(persons[:closed]),
        own=tuple(persons[closed:]),
        statements=tuple(found),
    )


def padded(content: bytes, sizes: tuple[int, ...]) -> bytes:
    """Return content with its length before and zeros after it: sealed, it has the smallest of `sizes` that fits.

    Raises ValueError if none fits.
    """
    framed = _LENGTH.pack(len(content)) + content if len(content) < 1 << 16 else b""
    for size in sizes:
        if framed and len(framed) <= size - SEAL_BYTES:
            return framed.ljust(size - SEAL_BYTES, b"\0")
    raise ValueError("too long for every size")


def unpadded(content: bytes) -> bytes:
    """Return what `padded` was given; raises ValueError for anything else."""
    if len(content) < _LENGTH.size:
        raise ValueError("not padded")
    (length,) = _LENGTH.unpack_from(content)
    if length > len(content) - _LENGTH.size or content[_LENGTH.size + length :].strip(b"\0"):
        raise ValueError("not padded")
    return content[_LENGTH.size : _LENGTH.size + length]
