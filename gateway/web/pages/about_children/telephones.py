"""Telephone numbers: what a telephone dials, and what an eye reads."""

from __future__ import annotations

from dataclasses import dataclass

_ELEVEN, _TEN = 11, 10


def dialled(number: str) -> str:
    """Return what goes behind `tel:`: digits only, national where it is British; other countries keep their plus."""
    text = "".join(character for character in number if character.isdigit() or character == "+")
    if text.startswith("+44"):
        return "0" + text[3:].removeprefix("0")
    return text


def grouped(number: str) -> str:
    """Return a number in groups, as its kind is written in Britain; any other as it is held.

    The groups are those of the National Telephone Numbering Plan (Ofcom).
    """
    digits = dialled(number)
    sizes = _sizes(digits)
    if not sizes:
        return " ".join(number.split())
    groups, start = [], 0
    for size in sizes:
        groups.append(digits[start : start + size])
        start += size
    return " ".join(groups)


def _sizes(digits: str) -> tuple[int, ...]:
    if not digits.isdigit() or not digits.startswith("0"):
        return ()
    if len(digits) == _TEN:
        return (4, 6) if digits.startswith("0800") else (5, 5) if digits.startswith("01") else ()
    if len(digits) != _ELEVEN:
        return ()
    if digits.startswith("02"):
        return 3, 4, 4
    if digits.startswith(("011", "03", "08", "09")) or (digits.startswith("01") and digits[3] == "1"):
        return 4, 3, 4
    return (5, 6) if digits.startswith(("01", "07")) else ()


@dataclass(frozen=True, kw_only=True)
class Telephone:
    """A number as a link."""

    link: str
    """Such as "tel:01134960123"."""
    text: str
    """Such as "0113 496 0123"."""
    what: str = ""
    """Whose it is, and when it answers."""

    @classmethod
    def of(cls, number: str, *, what: str = "") -> Telephone | None:
        """Return the link of a number, or None where there is none."""
        digits = dialled(number)
        return cls(link=f"tel:{digits}", text=grouped(number), what=what) if digits else None
