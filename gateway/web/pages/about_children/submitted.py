"""What a browser sent in a form, as forms read it."""

from __future__ import annotations

from typing import Protocol


class Submitted(Protocol):
    """The values of a form, by the names of its fields; a field that was not sent is empty."""

    def one(self, name: str) -> str:
        """Return the value of a field."""
        ...

    def every(self, name: str) -> list[str]:
        """Return all values of a field, in their order."""
        ...


Faults = dict[str, str]
"""By the id of the field that is wrong: the sentence that says what to do."""
