"""Keeps case notes out of the few texts there are: a name is a name, a line of an address is a line of an address.

It is a fence, not a reader: it refuses what cannot be a name or a line (numbers, addresses of pages, sentences, the
words of case notes), and a person who means to tell a story in the shape of a name gets past it.
"""

from __future__ import annotations

import re

_LONGEST_NAME_WORDS = 8
_LONGEST_LINE_WORDS = 10
_LINK = re.compile(r"://|www\.|\S@\S", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SENTENCE = re.compile(r"[!?;:…]|\w{3,}\.(\s+\S+){4}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_POSTCODE = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)?")
_NOTE_WORDS = re.compile(
    r"\b(?:abus\w*|allegation\w*|alleged\w*|assess\w*|bruis\w*|concern\w*|diagnos\w*|drunk\w*|injur\w*|medicat\w*|neglect\w*"
    r"|offend(?:er|ed)\w*|overdose\w*|police called|pregnan\w*|at risk|self.?harm\w*|suicid\w*|suspect\w*|violen\w*)\b",
    re.IGNORECASE,
)


def name_fault(text: str) -> str | None:
    """Return why a text cannot be the name of a person or team, as an UPPER_SNAKE reason, or None."""
    if any(character.isdigit() for character in text):
        return "HOLDS_DIGITS"
    return _fault(text, _LONGEST_NAME_WORDS)


def address_line_fault(text: str) -> str | None:
    """Return why a text cannot be a line of an address, as an UPPER_SNAKE reason, or None."""
    return _fault(text, _LONGEST_LINE_WORDS)


def email_fault(text: str) -> str | None:
    """Return why a text is no address for mail, as an UPPER_SNAKE reason, or None; there may be none."""
    return None if not text or _EMAIL.fullmatch(text) else "NOT_AN_EMAIL_ADDRESS"


def postcode_fault(text: str) -> str | None:
    """Return why a text is no postcode, as an UPPER_SNAKE reason, or None; there may be none."""
    return None if not text or _POSTCODE.fullmatch(text.strip()) else "NOT_A_POSTCODE"


def _fault(text: str, longest_words: int) -> str | None:
    if _CONTROL.search(text):
        return "HOLDS_CONTROL_CHARACTERS"
    if _LINK.search(text):
        return "HOLDS_A_LINK"
    if len(text.split()) > longest_words or _SENTENCE.search(text) or _NOTE_WORDS.search(text):
        return "LOOKS_LIKE_A_NOTE"
    return None
