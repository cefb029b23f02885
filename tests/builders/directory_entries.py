"""Entries of the search index, with what a test does not care about filled in."""

from __future__ import annotations

from services.directory.domain.candidates import Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender
from services.directory.index.changes import Added
from services.directory.index.keys import IndexKey
from services.directory.index.memory import Index

KEY = IndexKey(bytes(range(32)), environment="test")
NUMBER = 1_234_567_890
BORN = DateOfBirth(2015, 3, 4)


def an_entry(
    surname: str = "Lovelace",
    given_names: str = "Ada Mary",
    *,
    number: int = NUMBER,
    born: DateOfBirth = BORN,
    is_former: bool = False,
    name: ChildName | None = None,
    postcode: str = "",
) -> Entry:
    """Return an entry."""
    return Entry(
        number=number,
        is_former=is_former,
        name=name or ChildName.full(surname, given_names),
        date_of_birth=born,
        gender=Gender.FEMALE,
        postcode_tag=KEY.postcode_tag(number, postcode),
    )


def an_index(*entries: Entry) -> Index:
    """Return an index of these entries."""
    index = Index(KEY)
    index.apply([Added(entry) for entry in entries])
    return index
