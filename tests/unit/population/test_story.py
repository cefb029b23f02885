"""The demonstration's cast: who they are, and that every search means whom it says."""

from datetime import date, timedelta

import pytest
from rapidfuzz.distance import OSA, JaroWinkler

from deploy.local.population.births import earliest_birth_of_a_child
from deploy.local.population.child import Child, InvolvementKind
from deploy.local.population.provider import ProviderKind
from deploy.local.population.story import RESERVED_SURNAMES, story
from deploy.local.population.story_providers import STORY_PROVIDERS
from deploy.local.population.story_searches import searches
from tests.unit.population.conftest import TODAY


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 9, 3), date(2026, 12, 31), date(2028, 2, 29)])
def test_the_cast_are_children_on_any_day(today: date) -> None:
    for child in story(today):
        assert earliest_birth_of_a_child(today) <= child.date_of_birth <= today
        assert child.education.start_date is None or child.education.start_date <= today


def test_the_nurses_child_has_everyone() -> None:
    child = story(TODAY).worried_about
    assert child.education.school
    assert child.gp
    assert len(child.carers) == 2
    assert {involvement.provider.kind for involvement in child.involvements} >= {
        ProviderKind.UNIVERSAL_HEALTH,
        ProviderKind.SOCIAL_CARE,
    }
    (lead,) = [involvement for involvement in child.involvements if involvement.is_lead_professional]
    assert lead.kind is InvolvementKind.ADDITIONAL
    assert lead.has_common_assessment


def test_the_others_play_their_parts() -> None:
    cast = story(TODAY)
    one, other = cast.alike
    assert (one.name, one.date_of_birth) == (other.name, other.date_of_birth)
    assert one.address.postcode != other.address.postcode
    assert cast.one_name_only.is_one_name_only
    assert cast.newborn.is_not_yet_named
    assert (TODAY - cast.newborn.date_of_birth).days < 7
    assert cast.limited.former_names
    assert cast.limited.address.postcode
    assert len({child.key for child in cast}) == 7


def test_nobody_else_has_their_names(children: list[Child]) -> None:
    for child in children:
        for name in (child.name, *child.former_names):
            assert RESERVED_SURNAMES.isdisjoint({name.surname, name.given_names})


def test_the_cast_uses_reserved_surnames_and_its_own_providers() -> None:
    for child in story(TODAY):
        assert child.name.surname in RESERVED_SURNAMES
        assert {involvement.provider for involvement in child.involvements} <= set(STORY_PROVIDERS)
        assert child.gp is not None
        assert child.gp.practice in STORY_PROVIDERS


def test_what_a_search_finds_is_near_what_it_asks() -> None:
    for scenario, its_searches in searches(story(TODAY)).items():
        for search in its_searches:
            for child in search.finds:
                query = search.query
                assert JaroWinkler.similarity(query.surname or query.given_names, child.name.surname) > 0.85, scenario
                assert OSA.distance(query.surname or query.given_names, child.name.surname) <= 1
                born = child.date_of_birth
                assert query.year_of_birth == born.year or query.date_of_birth in {
                    born,
                    born + timedelta(days=1),
                    date(born.year, born.day, born.month) if born.day <= 12 else born,
                }


def test_each_scenario_of_the_issue_is_there() -> None:
    scenarios = searches(story(TODAY))
    assert {"nurse", "unique", "two_alike", "too_many", "none", "one_name_only", "limited"} <= set(scenarios)
    assert scenarios["too_many"][0].is_too_many
    assert not any(search.finds for search in scenarios["none"])
    assert [bool(search.finds) for search in scenarios["limited"]] == [True, True, False, False, False, False]
