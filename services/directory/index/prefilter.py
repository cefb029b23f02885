"""Picks, of the names on many pages, those worth judging: whole lists in C, so that thousands of names cost little."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from services.directory.domain.matching import FAINT_AT_LEAST, NameAgreement, Question, surnames
from services.directory.domain.names import Shape, joined

_PART_AT_LEAST = 0.88
_PART_LETTERS = 4
# Jaro's window is so narrow in short names that one edit can leave nothing in common: "ab" and "ba".
_SHORT_LETTERS = 5


def worth_judging(question: Question, held_surnames: Sequence[str], held_given_names: Sequence[str]) -> set[int]:
    """Return the places at which a folded surname, or what may stand for it, resembles what was typed.

    Lossless for names that are alike by spelling; names alike by sound alone are read from the pages of sounds.
    """
    surname, given = question.folded_surname, question.folded_given_names
    typed = [name for name in (surname, given) if name]
    forms = {form for name in typed for form in (name, joined(name))}
    if given:
        forms.add(given.partition(" ")[0])
    places: set[int] = set()
    for form in forms:
        places |= _similar(form, held_surnames, FAINT_AT_LEAST)
    parts = {word for name in typed for word in name.split() if len(word) >= _PART_LETTERS} - forms
    for part in parts:
        places |= _similar(part, held_surnames, _PART_AT_LEAST)
    places |= _double_names(typed, held_surnames)
    if question.name.shape is Shape.SINGLE:
        first_names = [names.partition(" ")[0] for names in held_given_names]
        for form in forms:
            places |= _similar(form, first_names, FAINT_AT_LEAST)
    return places


def _similar(form: str, names: Sequence[str], at_least: float) -> set[int]:
    found = {
        place
        for _, _, place in process.extract(
            form, names, scorer=JaroWinkler.similarity, processor=None, score_cutoff=at_least, limit=None
        )
    }
    if len(form) <= _SHORT_LETTERS:
        found |= {
            place
            for _, _, place in process.extract(
                form, names, scorer=OSA.distance, processor=None, score_cutoff=1, limit=None
            )
        }
    return found


def _double_names(typed: Iterable[str], names: Sequence[str]) -> set[int]:
    known: dict[str, bool] = {}
    places = set()
    for place, name in enumerate(names):
        if " " not in name:
            continue
        if name not in known:
            known[name] = any(surnames(asked, name)[0] is not NameAgreement.NONE for asked in typed)
        if known[name]:
            places.add(place)
    return places
