"""The population as a whole: repeatable, as many as asked, and as mixed as England's children."""

import itertools
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from deploy.local.population.births import earliest_birth_of_a_child
from deploy.local.population.child import Child, EducationState, Gender, InvolvementKind, Precision
from deploy.local.population.generate import SHARED_NAME, Population
from deploy.local.population.provider import ProviderKind
from deploy.local.population.read_lists import rows_of
from tests.unit.population.conftest import TODAY

ROOT = Path(__file__).parents[3]


def test_the_same_seed_makes_the_same_children(population: Population, children: list[Child]) -> None:
    again = Population(seed=7, children=20_000, today=TODAY)
    assert again.providers == population.providers
    assert list(itertools.islice(again, 2_000)) == children[:2_000]
    assert list(itertools.islice(population, 2_000)) == children[:2_000]


def test_the_same_seed_makes_the_same_bytes_in_another_process() -> None:
    def lines(hash_seed: str) -> bytes:
        command = [sys.executable, "-m", "deploy.local.population", "--children", "300", "--seed", "5"]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        return subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout

    first, second = lines("1"), lines("2")
    assert first.count(b"\n") == 300
    assert first == second


def test_another_seed_makes_other_children(children: list[Child]) -> None:
    others = list(itertools.islice(Population(seed=8, children=20_000, today=TODAY), 2_000))
    assert sum(one.name == other.name for one, other in zip(others[25:], children[25:], strict=False)) < 100


@pytest.mark.parametrize("number", [0, 1, 24, 25, 26, 777])
def test_there_are_as_many_as_asked(number: int) -> None:
    population = Population(seed=1, children=number, today=TODAY)
    assert [child.key for child in population] == list(range(number)) == list(range(len(population)))


@pytest.mark.parametrize("today", [date(2028, 2, 29), date(2026, 8, 31), date(2026, 9, 4), date(2027, 1, 1)])
def test_everybody_is_a_child_on_the_day(today: date) -> None:
    for child in Population(seed=2, children=3_000, today=today):
        assert earliest_birth_of_a_child(today) <= child.date_of_birth <= today
        for involvement in child.involvements:
            assert child.date_of_birth <= involvement.start_date <= involvement.last_confirmed <= today
        if child.gp:
            assert child.date_of_birth <= child.gp.start_date <= today
        if child.education.start_date:
            assert child.date_of_birth < child.education.start_date <= today


def test_the_earliest_birth_is_the_day_after_the_18th_birthday() -> None:
    assert earliest_birth_of_a_child(date(2026, 9, 1)) == date(2008, 9, 2)
    assert earliest_birth_of_a_child(date(2026, 2, 28)) == date(2008, 2, 29)
    assert earliest_birth_of_a_child(date(2028, 2, 29)) == date(2010, 3, 1)


def test_every_age_is_about_equally_frequent(children: list[Child]) -> None:
    ages = Counter((TODAY - child.date_of_birth).days // 366 for child in children)
    assert len(ages) == 18
    assert all(0.8 < number / (len(children) / 18) < 1.2 for number in ages.values())


def test_25_children_share_one_name_and_year(children: list[Child]) -> None:
    namesakes = [
        child
        for child in children
        if child.name == SHARED_NAME.name and child.date_of_birth.year == TODAY.year - SHARED_NAME.age
    ]
    assert len(namesakes) >= 25
    born = Counter(child.date_of_birth for child in namesakes[:25])
    assert (max(born) - min(born)).days == SHARED_NAME.days - 1
    assert max(born.values()) <= 20


def test_traditions_have_their_share(children: list[Child]) -> None:
    found = Counter(child.tradition for child in children)
    for row in rows_of("traditions"):
        expected = len(children) * int(row["share"]) / 10_000
        # Brothers and sisters come together, so numbers scatter more widely than single draws would.
        assert abs(found[row["tradition"]] - expected) < 6 * (2 * expected) ** 0.5, row["tradition"]


def test_no_surname_is_borne_by_more_than_one_child_in_fifty(children: list[Child]) -> None:
    surnames = Counter(child.name.surname for child in children)
    assert surnames.most_common(1)[0][1] < len(children) / 50
    assert len(surnames) > 4_000


def test_brothers_and_sisters_mostly_share_surname_and_home(children: list[Child]) -> None:
    households = defaultdict(list)
    for child in children:
        households[child.household].append(child)
    families = [members for members in households.values() if len(members) > 1]
    assert len(families) > 4_000
    assert all(len({child.address for child in members}) == 1 for members in families)
    with_one_surname = sum(len({child.name.surname for child in members}) == 1 for members in families)
    assert 0.8 < with_one_surname / len(families) < 0.98


def test_there_are_twins_and_some_have_similar_names(children: list[Child]) -> None:
    twins = [
        (one, other)
        for one, other in itertools.pairwise(children[25:])
        if one.household == other.household and one.date_of_birth == other.date_of_birth
    ]
    assert 0.008 < len(twins) / len(children) < 0.025
    same_gender = [pair for pair in twins if pair[0].gender is pair[1].gender]
    assert len(same_gender) > len(twins) / 2
    assert sum(one.name.given_names[:2] == other.name.given_names[:2] for one, other in same_gender) > 20


def test_every_shape_of_a_name_occurs(children: list[Child]) -> None:
    one_name_only = [child for child in children if child.is_one_name_only]
    not_yet_named = [child for child in children if child.is_not_yet_named]
    assert len(one_name_only) > 20
    assert len(not_yet_named) > 10
    assert all((TODAY - child.date_of_birth).days < 42 for child in not_yet_named)
    for child in children:
        assert child.name.surname
        assert bool(child.name.given_names) != (child.is_one_name_only or child.is_not_yet_named)
        assert child.name not in child.former_names
    assert 0.02 < sum(bool(child.former_names) for child in children) / len(children) < 0.04


@pytest.mark.parametrize(
    "part",
    [
        "O'",
        "O\u2019",
        "Mc",
        "Mac",
        "-",
        "\u0141",
        "\u00e9",
        " Singh",
        " Kaur",
        "son",
        "d\u00f3ttir",
        "ska",
        "ait\u0117",
    ],
)
def test_spellings_and_endings_occur(children: list[Child], part: str) -> None:
    assert any(part in f"{child.name.given_names} {child.name.surname}" for child in children)


def test_customs_leave_their_marks(children: list[Child]) -> None:
    surnames_of = defaultdict(list)
    for child in children:
        surnames_of[child.tradition].append(child.name.surname)
    assert sum(" " in surname for surname in surnames_of["spanish"]) > len(surnames_of["spanish"]) / 2
    assert sum(" " in surname for surname in surnames_of["portuguese"]) > len(surnames_of["portuguese"]) / 2
    assert {"Singh", "Kaur"} <= set(surnames_of["sikh"])
    vietnamese_given = {child.name.given_names for child in children if child.tradition == "vietnamese"}
    assert vietnamese_given & {"Nguyen", "Tran", "Le", "Pham"}


def test_estimated_dates_of_birth_stand_on_the_first(children: list[Child]) -> None:
    by_precision = defaultdict(list)
    for child in children:
        by_precision[child.precision].append(child.date_of_birth)
    assert len(by_precision[Precision.YEAR]) > 20
    assert by_precision[Precision.MONTH]
    assert {(born.month, born.day) for born in by_precision[Precision.YEAR]} == {(1, 1)}
    assert {born.day for born in by_precision[Precision.MONTH]} == {1}


def test_providers_fit_what_they_do(children: list[Child]) -> None:
    kinds = {
        InvolvementKind.EDUCATION: {ProviderKind.SCHOOL},
        InvolvementKind.GP: {ProviderKind.GP_PRACTICE},
        InvolvementKind.UNIVERSAL: {ProviderKind.UNIVERSAL_HEALTH},
        InvolvementKind.ADDITIONAL: {
            ProviderKind.SOCIAL_CARE,
            ProviderKind.YOUTH_OFFENDING,
            ProviderKind.EDUCATION_SUPPORT,
            ProviderKind.VOLUNTARY,
        },
    }
    met = set()
    for child in children:
        assert (child.education.school is not None) is (child.education.state is EducationState.AT_SCHOOL)
        assert sum(involvement.is_lead_professional for involvement in child.involvements) <= 1
        for involvement in child.involvements:
            assert involvement.provider.kind in kinds[involvement.kind]
            assert involvement.practitioner in involvement.provider.practitioners
            assert involvement.provider.authority == child.authority
            met.add(involvement.provider.kind)
    assert met == set(ProviderKind)


def test_all_genders_and_states_occur(children: list[Child]) -> None:
    assert {child.gender for child in children} == set(Gender)
    assert {child.education.state for child in children} == set(EducationState)
    assert len({child.address.state for child in children}) == 6
    assert {len(child.carers) for child in children} == {0, 1, 2, 3}
