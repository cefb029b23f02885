"""A gap in the log: entries that it has lost, as it publishes itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Gap:
    """What is lost: entries `first` to `last`; the leaves of those before `kept` were published, and stand."""

    first: int
    kept: int
    last: int

    def __str__(self) -> str:
        return f"the published gap {self.first}..{self.last}"

    def contradicts(self, size: int) -> bool:
        """Whether a checkpoint of this size signs leaves that are lost."""
        return self.kept < size <= self.last + 1

    def has_lost_leaf(self, index: int) -> bool:
        """Whether not even the leaf of an entry is left."""
        return self.kept <= index <= self.last


def lost_leaf(origin: str, index: int) -> bytes:
    """Return the leaf that stands where a leaf is lost."""
    return hashlib.sha256(f"{origin}\nlost\n{index}\n".encode()).digest()
