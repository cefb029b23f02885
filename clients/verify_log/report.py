"""What was found: one readable line for each check, and the first bad entry."""

from __future__ import annotations

from collections.abc import Callable


class Report:
    """Says what was checked as it goes, and remembers what was bad."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.bad_count = 0
        self.gap_count = 0
        self.lost_count = 0
        self.first_bad: int | None = None

    def ok(self, text: str) -> None:
        """Say that a check passed."""
        self._say(f"ok    {text}")

    def note(self, text: str) -> None:
        """Say what the reader should know, and what is no fault."""
        self._say(f"note  {text}")

    def gap(self, text: str) -> None:
        """Say that the log has lost entries, and that it says so itself."""
        self._say(f"GAP   {text}")
        self.gap_count += 1

    def lost(self, text: str) -> None:
        """Say that what somebody holds cannot be found any more, since the log has lost it, as it published."""
        self._say(f"LOST  {text}")
        self.lost_count += 1

    def bad(self, text: str, *, entry: int | None = None) -> None:
        """Say what is wrong, in which file; `entry` is the first entry that suffers, where that can be told."""
        self._say(f"BAD   {text}")
        self.bad_count += 1
        if entry is not None:
            self.first_bad = entry if self.first_bad is None else min(self.first_bad, entry)

    def verdict(self) -> int:
        """Say how it ends; return 0 if nothing was bad, and nothing that was asked for is lost, else 1."""
        if not self.bad_count and self.lost_count:
            self._say(f"LOST  {self.lost_count} of what was asked for is lost by a published gap; nothing else is bad")
            return 1
        if not self.bad_count:
            gaps = f"; the log publishes {self.gap_count} gaps of its own" if self.gap_count else ""
            self._say(f"ok    nothing bad was found{gaps}")
            return 0
        named = "no single entry can be named" if self.first_bad is None else f"first bad entry: {self.first_bad}"
        self._say(f"BAD   {self.bad_count} found; {named}")
        return 1
