"""The model of slips: each slip does what it says, and the same draw makes the same slip."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from deploy.local.population.child import Child, Name, Precision
from deploy.local.population.damage import (
    USUAL_SLIPS,
    Slip,
    damaged,
    day_and_month_swapped,
    misheard,
    mistyped,
    transposed,
)
from deploy.local.population.draw import Draw
from deploy.local.population.story import story
from tests.unit.population.conftest import TODAY

NAMES = st.text(st.characters(categories=["Ll"]), min_size=1, max_size=20).map(str.capitalize)
SEEDS = st.integers(0, 1_000).map(str)


@given(NAMES, SEEDS)
def test_mistyped_is_at_most_one_edit_away(name: str, seed: str) -> None:
    wrong = mistyped(name, Draw(seed))
    assert OSA.distance(name, wrong) <= 1
    assert wrong


@given(NAMES, SEEDS)
def test_transposed_keeps_the_letters(name: str, seed: str) -> None:
    assert sorted(transposed(name, Draw(seed))) == sorted(name)


@pytest.mark.parametrize(
    "name,spellings", [("Philip", {"Filip", "Phylip"}), ("Smith", {"Smit", "Smyth"}), ("O", {"O"})]
)
def test_misheard_changes_one_sound(name: str, spellings: set[str]) -> None:
    assert {misheard(name, Draw(str(seed))) for seed in range(50)} == spellings


def test_dates_swap_only_where_both_are_dates() -> None:
    assert day_and_month_swapped(date(2015, 3, 4)) == date(2015, 4, 3)
    assert day_and_month_swapped(date(2015, 3, 14)) == date(2015, 3, 14)


def test_each_slip_touches_what_it_names() -> None:
    child = story(TODAY).worried_about
    queries = {slip: damaged(child, slip, Draw("1")) for slip in Slip}
    right = queries[Slip.NONE]
    assert (right.surname, right.given_names, right.date_of_birth) == ("Thistlethwaite", "Maisie", child.date_of_birth)
    for slip, query in queries.items():
        names_differ = (query.surname, query.given_names) != (right.surname, right.given_names)
        dates_differ = query.date_of_birth != right.date_of_birth
        assert dates_differ is (slip in {Slip.DAY_AND_MONTH_SWAPPED, Slip.DATE_OFF_BY_ONE}), slip
        assert names_differ is (
            slip in {Slip.ONE_EDIT_IN_EACH_NAME, Slip.TRANSPOSED_LETTERS, Slip.SOUND_ALIKE, Slip.NAMES_SWAPPED}
        ), slip


def test_the_same_draw_makes_the_same_query(children: list[Child]) -> None:
    def queries() -> list[object]:
        draw = Draw("recall")
        return [damaged(child, draw.of(USUAL_SLIPS), draw) for child in children[:2_000]]

    assert queries() == queries()


def test_an_estimated_date_is_asked_for_by_some_day_of_its_year(children: list[Child]) -> None:
    child = next(child for child in children if child.precision is Precision.YEAR)
    asked = {damaged(child, Slip.NONE, Draw(str(seed))).date_of_birth for seed in range(20)}
    assert len(asked) > 5
    assert {day.year for day in asked if day} == {child.date_of_birth.year}


def test_accents_and_typeset_apostrophes_are_typed_plainly() -> None:
    child = replace(story(TODAY).unique, name=Name("O\u2019Ko\u0142odziej", "Si\u00e2n"))
    query = damaged(child, Slip.NO_ACCENTS, Draw("1"))
    assert (query.surname, query.given_names) == ("O'Kolodziej", "Sian")
