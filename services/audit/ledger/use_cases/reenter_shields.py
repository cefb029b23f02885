"""After a gap shielding says which children it holds as hidden: whoever the lost entries hid is hidden again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.calls import child
from services.audit.ledger.domain.entry import Draft, GapReentered, Outcome
from services.audit.ledger.domain.key_row import KeyRow, State
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.errors import NoGapOpen
from services.audit.ledger.ports import Writer

SHIELDING = "shielding"
_TWO = 2


@dataclass(frozen=True, kw_only=True)
class HiddenChild:
    """One child that is hidden, or about to be."""

    number: int = 0
    handle: bytes = b""
    """Of a step under way; however old it is, it says which child was meant."""
    closed_by: tuple[str, ...]

    def named(self, keyring: Keyring) -> int:
        """Return the child's number, 0 for a handle that is none of ours."""
        if not self.handle:
            return self.number
        handle = keyring.open_handle(self.handle)
        return handle.named if handle else 0


@dataclass(frozen=True, slots=True)
class Closed:
    """What was news to the log."""

    closed: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class ReenterShields:
    """Enters shields again."""

    writer: Writer

    def __call__(
        self, hidden: Sequence[HiddenChild], *, newest: int, is_complete: bool, correlation: str = ""
    ) -> Closed:
        """Return how many were not hidden, or less so, once it is durable that they are; raises NoGapOpen."""
        return self.writer.write(_Work(tuple(hidden), newest, is_complete, correlation))


@dataclass(frozen=True)
class _Work:
    hidden: tuple[HiddenChild, ...]
    newest: int
    is_complete: bool
    correlation: str
    goes_on_in_a_gap = True

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        return ()

    def numbers(self, keyring: Keyring, _: Mapping[bytes, Act]) -> Iterable[int]:
        return {one.named(keyring) for one in self.hidden}

    def decide(self, batch: Batch) -> Decision[Closed]:
        if not batch.registers.gaps.is_open:
            raise NoGapOpen
        rows: dict[int, KeyRow] = {}
        unknown: set[int] = set()
        for one in self.hidden:
            number = one.named(batch.keyring)
            row = rows.get(number) or batch.children.get(number)
            if row is None:
                # Its creation is lost: there is no key to anything of it. The directory may still find its name.
                unknown.add(number)
            elif (closed := _closed(row, one.closed_by)) != row:
                rows[number] = closed
        was_open = {number for number in rows if not batch.children[number].is_limited}
        hidden_names = unknown - batch.registers.limited - {0}
        draft = Draft(
            act="gap.shields_reentered",
            outcome=Outcome.ALLOWED,
            rule="ENTERED",
            about=tuple(child(number) for number in (*rows, *sorted(hidden_names))),
            correlation=self.correlation,
            effect=GapReentered(SHIELDING, len(rows) + len(hidden_names), self.newest, self.is_complete),
        )
        return Decision(
            entries=(draft,) if rows or hidden_names or self.is_complete else (),
            children=tuple(rows.values()),
            states=(*(number if number in was_open else None for number in rows), *sorted(hidden_names)),
            answer=lambda _: Closed(len(rows), len(unknown)),
        )


def _closed(row: KeyRow, persons: Sequence[str]) -> KeyRow:
    """Return the row closed by these too, never less closed than before; one of a child that is no more stays void."""
    closed_by = tuple(dict.fromkeys((*row.closed_by, *persons)))[:_TWO]
    if row.state is State.VOID:
        return row
    is_by_two = row.state is State.LIMITED or len(persons) == _TWO
    return replace(row, state=State.LIMITED if is_by_two else State.LIMITED_INTERIM, closed_by=closed_by)
