"""Names of children, as they are typed and as they are written on a page."""

from __future__ import annotations

import re
import unicodedata

from contactpoint.directory.v1 import directory_service_pb2 as pb

LONGEST = 80
# What keyboards and telephones put where an apostrophe is meant; the contracts know two.
_APOSTROPHES = re.compile("[`\u00b4\u2018\u201b\u02b9\u02bb\u02bc\u2032\uff07]")
_HYPHENS = re.compile("[\u2010\u2011\u2012\u2013\u2212]")


def tidied(typed: str) -> str:
    """Return a name as typed, composed (NFC), with single spaces, one kind of hyphen and the contracts' apostrophes."""
    text = _HYPHENS.sub("-", _APOSTROPHES.sub("'", unicodedata.normalize("NFC", typed)))
    return " ".join(text.split())


def fault(name: str) -> str | None:
    """Return the sentence that says why a tidied name is none, or None; an empty one is nobody's fault."""
    if len(name) > LONGEST:
        return f"Use at most {LONGEST} characters for a name"
    if any(not _may_stand_in_a_name(character) for character in name):
        return "Use letters, spaces, hyphens, full stops and apostrophes only"
    # The first letter decides for the contracts whether it is a name.
    if name and not unicodedata.category(name[0]).startswith(("L", "M")):
        return "Begin a name with a letter"
    return None


def written(name: pb.ChildName) -> str:
    """Return a name as people say it: "Maisie Thistlethwaite", one name alone, or "Pemberthy (not yet named)"."""
    match name.WhichOneof("shape"):
        case "full":
            return f"{name.full.given_names} {name.full.surname}"
        case "single":
            return name.single
        case "not_yet_named":
            return f"{name.not_yet_named} (not yet named)"
        case _:
            return "Name not shown"


def _may_stand_in_a_name(character: str) -> bool:
    return character in "'\u2019. -" or unicodedata.category(character).startswith(("L", "M"))
