"""A gap: entries that the log has lost, said in public, and closed to all until two custodians have accepted it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from services.audit.ledger.domain.key_row import Statement
from services.runtime.clock import london_day

ACCEPTED_WITHIN = timedelta(days=7)
"""The second custodian comes this long after the first at most."""
TOKENS_LIVE = timedelta(seconds=15)
"""A token of before the gap, which may have been spent in it, is out of time by then: it lives ten seconds."""
REENTER = ("shielding", "identity")
"""Who must have said all that it knows beyond the gap before anybody accepts it."""
MOST_TRIED = 3
"""How often one body may have written of one child in lost entries, so that it is still found."""
MOST_ROWS = 20
"""What one lost entry may have shown."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is lost: entries `first` to `last`; the leaves of those before `kept` were published, and stand."""

    first: int
    kept: int
    last: int
    root: bytes
    """Of the tree before the gap."""
    at: datetime

    @property
    def index(self) -> int:
        """The entry that says so."""
        return self.last + 1

    @property
    def count(self) -> int:
        """How many entries are lost."""
        return self.last + 1 - self.first

    def statement(self, origin: str) -> str:
        """Return what everybody may read; its SHA-256 is the leaf that ends the gap."""
        root = base64.b64encode(self.root).decode()
        lines = (origin, "gap", self.first, self.kept, self.last, root, self.at.isoformat())
        return "".join(f"{line}\n" for line in lines)

    def leaf(self, origin: str) -> bytes:
        """Return the leaf that ends the gap."""
        return hashlib.sha256(self.statement(origin).encode()).digest()


def lost_leaf(origin: str, index: int) -> bytes:
    """Return the leaf that stands where even the leaf is lost: anybody can tell it from every other."""
    return hashlib.sha256(f"{origin}\nlost\n{index}\n".encode()).digest()


@dataclass(frozen=True, slots=True)
class Reentered:
    """What a process has said of the time beyond a gap."""

    count: int = 0
    newest: int = 0
    """The newest entry of which it holds a receipt: from before the gap, it knows nothing of what is lost."""
    is_complete: bool = False


_NOTHING = Reentered()


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A gap that is published and not accepted."""

    gap: Gap
    reentered: Mapping[str, Reentered] = field(default_factory=dict)
    standings: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    """Digests of standings that were entered again, by kind and party: the log never knew them."""

    def of(self, process: str) -> Reentered:
        """Return what a process has said so far."""
        return self.reentered.get(process, _NOTHING)

    def name(self, origin: str) -> bytes:
        """Return what custodians accept: the digest over the statement and all that was re-entered."""
        said = ((process, self.of(process)) for process in REENTER)
        lines = [self.gap.statement(origin)]
        lines += [f"{process} {one.count} {one.newest} {one.is_complete}\n" for process, one in said]
        lines += [f"{kind} {party} {digest.hex()}\n" for (kind, party), digest in sorted(self.standings.items())]
        return hashlib.sha256("".join(lines).encode()).digest()

    def is_ready(self, now: datetime) -> bool:
        """Return whether it may be accepted."""
        return now - self.gap.at >= TOKENS_LIVE and all(self.of(process).is_complete for process in REENTER)


class Gaps:
    """Changed by entries and by nothing else."""

    def __init__(self) -> None:
        self.published: list[Gap] = []
        self.open: OpenGap | None = None
        self._said: dict[bytes, dict[str, datetime]] = {}

    @property
    def is_open(self) -> bool:
        """Whether nothing is disclosed or admitted that the gap does not need."""
        return self.open is not None

    def next_version(self, last: int) -> int:
        """Return the version to give out after `last`, above all that any lost entry can have given out.

        Without a gap a statement's version is never higher than the index of the entry that gave it out; beyond a gap
        it begins above the gap's index. So both stay true whichever entries are lost next, an older gap among them.
        """
        return max(last, self.published[-1].index if self.published else 0) + 1

    def tried(self, statement: Statement) -> list[int]:
        """Return the versions behind a head that lost entries may have made head; none once it was written since.

        Nobody is given them out for anything else: whatever opens with one was written in the gap.
        """
        if not self.published or not statement.head:
            return []
        width = min(MOST_TRIED, sum(gap.count for gap in self.published))
        after: list[int] = []
        before = 0
        for gap in self.published:
            start = max(statement.head, before) + 1
            after += range(start, min(start + width, gap.index))
            before = gap.index
        # One that is pending still is given out as such.
        return [one for one in dict.fromkeys(after) if not (statement.pending_act and one == statement.last)]

    def lost_on(self, day: date) -> int:
        """Return how many entries of a day (in London) may be lost."""
        return sum(gap.count for gap in self.published if london_day(gap.at) == day)

    def publish(self, gap: Gap) -> None:
        """Take in a gap; one that was open is part of the loss still, and what was said of it is to be said again.

        But for the standings: the log has them by now, so nobody would be told of them again, nor be kept from
        accepting by them.
        """
        self.published.append(gap)
        self.open = OpenGap(gap, standings=self.open.standings if self.open else {})
        self._said.clear()

    def reenter(self, process: str, *, count: int, newest: int, is_complete: bool) -> None:
        """Take in what a process says of the time beyond the gap."""
        if self.open is not None:
            before = self.open.of(process)
            said = Reentered(before.count + count, newest, is_complete)
            self.open = replace(self.open, reentered={**self.open.reentered, process: said})

    def reenter_standing(self, kind: str, party: str, digest: bytes) -> None:
        """Take in a standing that identity holds and the log did not know."""
        if self.open is not None:
            self.open = replace(self.open, standings={**self.open.standings, (kind, party): digest})

    def accept(self, name: bytes, custodian: str, at: datetime) -> None:
        """Take in that a custodian accepts the gap of this name; after a second one it is open no longer."""
        said = self._said.setdefault(name, {})
        if any(other != custodian and at - then <= ACCEPTED_WITHIN for other, then in said.items()):
            self.open = None
            self._said.clear()
        else:
            said[custodian] = at
