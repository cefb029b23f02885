"""Steps of shields that the ledger knows to have been taken and a restored database does not hold. No I/O here."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.shielding.domain import Case, Ground, ShieldState
from services.shielding.ports import Receipt

MOST_IN_A_PART = 4000


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """What one entry of the log says."""

    act_id: bytes
    index: int
    closes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredStep:
    """What the ledger tells of a lost step, once the loss is accepted."""

    receipt: Receipt
    number: int
    person: uuid.UUID
    at: datetime
    closes: bool
    authority: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Lost steps, the newest first; known to custodians by a digest and by how many they are."""

    steps: tuple[LoggedStep, ...]

    @classmethod
    def of(cls, steps: Iterable[LoggedStep]) -> Loss:
        """Return the loss of these steps, whatever their order."""
        return cls(tuple(sorted(steps, key=lambda one: one.index, reverse=True)))

    @property
    def parts(self) -> Sequence[tuple[LoggedStep, ...]]:
        """The steps in parts that one call names."""
        return [self.steps[at : at + MOST_IN_A_PART] for at in range(0, len(self.steps), MOST_IN_A_PART)]

    @property
    def part_digests(self) -> tuple[bytes, ...]:
        """SHA-256 of each part: of the names of its steps, one after another."""
        return tuple(hashlib.sha256(b"".join(one.act_id for one in part)).digest() for part in self.parts)

    @property
    def digest(self) -> bytes:
        """What two custodians accept: SHA-256 of the parts' digests, as the ledger computes it."""
        return hashlib.sha256(b"".join(self.part_digests)).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredCase:
    """A case made anew, with the child's number."""

    case: Case
    number: int


def cases_of(steps: Iterable[RecoveredStep], now: datetime) -> Sequence[RecoveredCase]:
    """Return a case for each child, made of what the log knows: due at once, and its ground is lost."""
    by_child: defaultdict[int, list[RecoveredStep]] = defaultdict(list)
    for step in steps:
        by_child[step.number].append(step)
    return [_case(number, sorted(found, key=_index), now) for number, found in sorted(by_child.items())]


def _index(step: RecoveredStep) -> int:
    return step.receipt.index


def _case(number: int, steps: Sequence[RecoveredStep], now: datetime) -> RecoveredCase:
    oldest = steps[0]
    closers = [one.person for one in steps if one.closes]
    # One officer approves a request and makes it interim: then the second is another. Whoever approved what one had
    # hidden approves it once more, so that it is decided by two who know what it is about.
    first_officer = closers[0] if closers and not oldest.closes and closers[0] != oldest.person else None
    case = Case(
        case_id=uuid.UUID(bytes=hashlib.sha256(b"recovered" + oldest.receipt.leaf).digest()[:16], version=4),
        state=ShieldState.INTERIM if closers else ShieldState.REQUESTED,
        ground=Ground.LOST,
        authority=oldest.authority,
        opened_at=oldest.at,
        opened_by=oldest.person,
        first_officer=first_officer,
        due_at=now,
    )
    return RecoveredCase(case=case, number=number)
