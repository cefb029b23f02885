"""How registers spell one name in several ways: accents lost, two apostrophes, Mc and Mac."""
# ruff: noqa: PLR2004
# Frequencies are said where they are used: each stands once, and its line says of what.

import unicodedata
from functools import lru_cache

from deploy.local.population.draw import Draw

TYPED_APOSTROPHE = "'"
TYPESET_APOSTROPHE = "\u2019"

# Letters that are not a plain letter with a mark, so that taking marks away does not reach them.
_UNMARKED = str.maketrans(
    {"Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "\u0131": "i", "ð": "d", "Þ": "Th", "þ": "th", "ß": "ss"}
)


def respelt(name: str, draw: Draw) -> str:
    """Return the name as some register might hold it: mostly as it is."""
    if name.isascii():
        if TYPED_APOSTROPHE in name:
            return _with_an_apostrophe(name, draw.fraction())
        if name[:2] == "Mc" or name[:3] == "Mac":
            return _with_the_other_mac(name) if draw.chance(0.06) else name
        return name
    return without_accents(name) if draw.chance(0.35) else name


def _with_an_apostrophe(name: str, fraction: float) -> str:
    if fraction < 0.6:
        return name
    if fraction < 0.88:
        return name.replace(TYPED_APOSTROPHE, TYPESET_APOSTROPHE)
    return name.replace(TYPED_APOSTROPHE, " " if fraction < 0.94 else "")


def _with_the_other_mac(name: str) -> str:
    if name[:3] == "Mac":
        # MacDonald is McDonald too; Macey and Mackay are names of their own.
        return f"Mc{name[3:]}" if name[3:4].isupper() else name
    return f"Mac{name[2:]}"


@lru_cache(maxsize=50_000)
def without_accents(name: str) -> str:
    """Return the name in the letters of an English keyboard."""
    return unicodedata.normalize("NFKD", name.translate(_UNMARKED)).encode("ascii", "ignore").decode()


@lru_cache(maxsize=50_000)
def plain(name: str) -> str:
    """Return what of the name can stand in an e-mail address: lower-case letters, digits and hyphens."""
    letters = (letter if letter.isalnum() else "-" for letter in without_accents(name).lower().replace("'", ""))
    return "".join(letters).strip("-").replace("--", "-") or "family"
