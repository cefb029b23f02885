"""In which groups of sounds a name may stand that somebody typed, misspelt or in another order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import ascii_lowercase

from services.directory.domain.matching import Question, sounds
from services.directory.domain.names import joined
from services.directory.index.pages import group_of


def groups(question: Question, year: int, *, with_edits: bool) -> set[int]:
    """Return the groups of a year to read for a question: names as typed, swapped, and as one name only.

    With edits also for each name with one letter more, less or other, or two neighbours swapped, the other name as
    typed: an edit changes the sound of a name more often than not.
    """
    surname, given = question.folded_surname, question.folded_given_names
    orders = (
        ((surname, given), (given, surname)) if surname and given else ((surname or given, ""), ("", surname or given))
    )
    found = set()
    for family, first in orders:
        family_sounds, first_sounds = _sounds_of(_forms(family)), _sounds_of(_forms(first.partition(" ")[0], first))
        pairs = {(one, other) for one in family_sounds for other in first_sounds}
        pairs |= {(one, "") for one in family_sounds}
        if with_edits:
            pairs |= {(one, other) for one in _sounds_of(_edited(joined(family))) for other in first_sounds}
            pairs |= {(one, other) for one in family_sounds for other in _sounds_of(_edited(first.partition(" ")[0]))}
        found |= {group_of(one, other, year) for one, other in pairs}
    return found


def _forms(*names: str) -> set[str]:
    return {joined(name) for name in names}


def _sounds_of(names: Iterable[str]) -> set[str]:
    return {sound for name in names for sound in sounds(name)}


def _edited(name: str) -> Iterator[str]:
    for at in range(len(name) + 1):
        before, after = name[:at], name[at:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in ascii_lowercase)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        yield from (before + letter + after for letter in ascii_lowercase)
