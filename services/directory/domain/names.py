"""What a child is called, and the one form in which names are compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum

_APOSTROPHES = re.compile(
    "['\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2032\u00b4`\ua78b\ua78c\uff07]"
)
# Letters that Unicode does not take apart into a base and a mark, as English keyboards type them.
_LETTERS = str.maketrans(
    {
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",  # noqa: RUF001  # the Turkish letter is meant
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
        "ə": "e",
        "ƙ": "k",
        "ɓ": "b",
        "ɗ": "d",
        "ɛ": "e",
        "ɔ": "o",
    }
)
_MARKS = frozenset({"Mn", "Me", "Cf"})
_LETTER_CATEGORIES = frozenset({"Ll", "Lu", "Lt", "Lo", "Mc"})
_MAC = re.compile(r"mac(?=[bcdfghjklmnpqrstvwxyz][a-z]{2})")
_CLANS = frozenset({"mac", "mc"})


class Shape(IntEnum):
    """The three shapes of a name; the numbers are stored."""

    FULL = 1
    SINGLE = 2
    NOT_YET_NAMED = 3


class Gender(IntEnum):
    """Gender as it is recorded; the numbers are the contract's, and stored."""

    NOT_SPECIFIED = 0
    FEMALE = 1
    MALE = 2


@dataclass(frozen=True, slots=True)
class ChildName:
    """A surname with given names, one name only, or the surname of a newborn not yet named; as written."""

    shape: Shape
    surname: str
    """The single name too, where there is one name only."""
    given_names: str = ""

    @classmethod
    def full(cls, surname: str, given_names: str) -> ChildName:
        """Return a surname with given names."""
        return cls(Shape.FULL, surname, given_names)

    @classmethod
    def single(cls, name: str) -> ChildName:
        """Return the name of a child who has one name only."""
        return cls(Shape.SINGLE, name)

    @classmethod
    def not_yet_named(cls, surname: str) -> ChildName:
        """Return the name of a newborn of this surname."""
        return cls(Shape.NOT_YET_NAMED, surname)

    def __repr__(self) -> str:
        """Return a text without the name."""
        return f"ChildName({self.shape.name})"


def fold(name: str) -> str:
    """Return a name as it is compared: words of small letters with one space between, nothing else. Idempotent.

    Unicode NFKD; accents, apostrophes of every kind and capitals go; letters such as ł, ø, ß and đ become what an
    English keyboard has; whatever else is no letter (hyphen, full stop, digit) parts words; Mac before a consonant is
    Mc, and joins the word after it.
    """
    text = _APOSTROPHES.sub("", name).casefold()
    if not text.isascii():
        text = _plain(text)
    letters = "".join(character if _is_letter(character) else " " for character in text)
    words = [_MAC.sub("mc", word, count=1) if word.startswith("mac") else word for word in letters.split()]
    return " ".join(_clans_joined(words))


def joined(folded: str) -> str:
    """Return a folded name without its spaces: "de la cruz" and "delacruz" are one name."""
    return folded.replace(" ", "")


def _plain(text: str) -> str:
    # Twice: taking apart can bring out capitals and apostrophes, and folding those can bring out marks.
    for _ in range(2):
        text = _APOSTROPHES.sub("", unicodedata.normalize("NFKD", text)).casefold().translate(_LETTERS)
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) not in _MARKS)
    return text


def _is_letter(character: str) -> bool:
    return unicodedata.category(character) in _LETTER_CATEGORIES


def _clans_joined(words: list[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        if found and found[-1] in _CLANS:
            found[-1] = "mc" + word
        else:
            found.append(word)
    return found
