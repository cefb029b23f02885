"""What an operator's command printed, as a custodian types it: a name of 64 letters and digits, and a number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.web.pages.about_children.submitted import Faults, Submitted

_NAME = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_MOST = 2**32 - 1
_LONGEST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What was typed, as it goes back into the form."""

    name: str = ""
    number: str = ""

    @property
    def digest(self) -> bytes:
        """The name as it is sent."""
        return bytes.fromhex(self.name)

    @property
    def groups(self) -> str:
        """The name in groups of four, as two people read it to each other."""
        return " ".join(self.name[start : start + 4] for start in range(0, len(self.name), 4))

    @property
    def count(self) -> str:
        """The number as it is written: "1,502"."""
        return f"{int(self.number):,}"


def read(form: Submitted, *, word: str, has_number: bool) -> tuple[Printed, Faults]:
    """Return what was typed and what is wrong with it; `word` stands before the name where it was printed.

    Spaces, and commas in the number, are not minded: people read both in groups.
    """
    name = "".join(form.one("name").split()).casefold()
    number = "".join(form.one("number").replace(",", "").split()) if has_number else ""
    faults: Faults = {}
    if not _NAME.fullmatch(name):
        faults["name"] = f"Enter the 64 letters and digits that stand behind “{word}:”"
    if has_number and not (_NUMBER.fullmatch(number) and 0 < int(number) <= _MOST):
        faults["number"] = "Enter the number that stands behind the name"
    return Printed(name=name[:_LONGEST_SHOWN], number=number[:_LONGEST_SHOWN]), faults
