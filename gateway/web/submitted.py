"""What a form or a query brought: short texts under known names, nothing else."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qsl

from gateway.web.errors import FormUnreadable

LARGEST_FORM_BYTES = 32 * 1024
_MOST_FIELDS = 100
_LONGEST_NAME = 64
_LONGEST_VALUE = 4_000


class Submitted:
    """Values by name; read without surrounding space, in one Unicode form (NFC), and without what nobody sees."""

    def __init__(self, values: Mapping[str, list[str]]) -> None:
        self._values = values

    def __repr__(self) -> str:
        """Return a text without the values."""
        return "Submitted()"

    def one(self, name: str) -> str:
        """Return the first value of a field, "" where there is none."""
        return _plain(self.exact(name))

    def exact(self, name: str) -> str:
        """Return the first value of a field with every space as it was typed: for passwords."""
        return next(iter(self._values.get(name, ())), "")

    def every(self, name: str) -> list[str]:
        """Return all values of a field, such as the ticked boxes of one name."""
        return [_plain(value) for value in self._values.get(name, ())]

    def as_typed(self) -> dict[str, str]:
        """Return the first value of every field, to fill a form again."""
        return {name: _plain(values[0]) for name, values in self._values.items()}


def read(content: bytes) -> Submitted:
    """Return the values of an urlencoded form or query.

    Raises FormUnreadable for what no form of ours sends: too many or too long values, control characters, bad UTF-8.
    """
    try:
        pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise FormUnreadable from None
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if len(name) > _LONGEST_NAME or len(value) > _LONGEST_VALUE or _has_controls(value):
            raise FormUnreadable
        values.setdefault(name, []).append(value)
    return Submitted(values)


def _plain(value: str) -> str:
    # Pasted text brings soft hyphens, joiners and marks of direction along: they turn a name, or a telephone number
    # beside it, round on the screens of others, and make two names that look alike unlike.
    seen = "".join(letter for letter in value if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", seen).strip()


def _has_controls(value: str) -> bool:
    return any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\r\n\t" for letter in value)
