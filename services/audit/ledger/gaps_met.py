"""Lost entries as the log is walked through: a run of them must end with an entry that publishes exactly them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from services.audit.ledger.domain.entry import Entry, GapPublished, LeafLost
from services.audit.ledger.domain.gap import lost_leaf
from services.audit.ledger.domain.tree import Tree


class LogFaulty(Exception):  # it names what was found
    """The log is not as it was written; the text names the first bad entry and nothing of what it says."""


@dataclass
class GapsMet:
    """What was met so far."""

    origin: str
    tell: Callable[[str], None]
    _first: int = -1
    _kept: int = -1
    _root: bytes = b""
    _published: list[GapPublished] = field(default_factory=list)

    def checked(self, entry: Entry, before: Tree) -> int:
        """Return how many subjects an entry has; raises LogFaulty if a gap is not as it was published."""
        match entry.draft.effect:
            case LeafLost(leaf):
                if self._first < 0:
                    self._first, self._root = entry.index, before.root()
                if leaf != lost_leaf(self.origin, entry.index):
                    # A gap that is lost itself was public: then its lost leaves stand before others that do.
                    self._kept = -1
                elif self._kept < 0:
                    self._kept = entry.index
            case GapPublished(first, kept, last, root) as published:
                found = (self._first, self._kept if self._kept >= 0 else entry.index, entry.index - 1, self._root)
                if (first, kept, last, root) != found:
                    raise LogFaulty(f"entry {entry.index}: it publishes another gap than there is")
                self.tell(f"GAP: entries {first} to {last} are lost, published at {entry.at.isoformat()}")
                self._first, self._kept = -1, -1
                self._published.append(published)
            case _ if self._first >= 0:
                raise LogFaulty(f"entry {self._first}: it is lost, and no published gap says so")
            case _:
                pass
        return len(entry.subjects)

    def explain(self, size: int) -> None:
        """Raise LogFaulty with the gap that a checkpoint of this size contradicts, if there is one."""
        for gap in self._published:
            if gap.kept < size <= gap.last + 1:
                raise LogFaulty(
                    f"the checkpoint signs entries that are lost by the published gap {gap.first}..{gap.last}"
                )

    def end(self) -> None:
        """Raise LogFaulty if the log ends in lost entries."""
        if self._first >= 0:
            raise LogFaulty(f"entry {self._first}: it is lost, and no published gap says so")
