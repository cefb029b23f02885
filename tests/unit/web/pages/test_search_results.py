"""What a search shows, and that nothing it shows is a dead end."""

from __future__ import annotations

from typing import Any

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from services.runtime.errors import CeilingReached, InvalidRequest
from tests.unit.web.pages import children
from tests.unit.web.pages.presses import Shown, press, see
from tests.unit.web.standing_alone import Pages, a_visitor

SEARCH = {"surname": "O'Brien", "given-names": "Siân", "born-day": "5", "born-month": "6", "born-year": "2018"}


@pytest.fixture(autouse=True)
def signed_in(pages: Pages) -> None:
    pages.sign_in()
    pages.edge.answers["SearchChildren"] = lambda _: children.found()


def _searched(pages: Pages, **typed: str) -> Shown:
    return press(pages, see(pages, "/search"), "Search", {**SEARCH, **typed})


def _asked(pages: Pages) -> list[Any]:
    return [call.request for call in pages.edge.calls if call.method.endswith("/SearchChildren")]


def test_what_was_typed_is_asked_and_not_in_the_address(pages: Pages) -> None:
    shown = _searched(pages)
    (request,) = _asked(pages)
    assert request.surname == "O'Brien"
    assert shown.path.startswith("/search/results?page=")
    assert "Brien" not in shown.path
    assert "Brien" not in shown.answer.title


def test_nothing_is_remembered_by_the_browser(pages: Pages) -> None:
    text = see(pages, "/search").answer.text
    assert text.count('autocomplete="off"') >= 6


def test_nothing_found_says_what_to_try_whom_to_telephone_and_how_to_create(pages: Pages) -> None:
    shown = _searched(pages)
    assert shown.h1 == "No record found"
    assert "another surname" in shown.text
    assert pages.site.teams.of("E08000035").night in shown.text
    assert "Create a record from this search" in shown.text


def test_with_a_postcode_one_press_searches_without_it(pages: Pages) -> None:
    shown = _searched(pages, postcode="LS1 1UR")
    assert "Create a record from this search" not in shown.text
    press(pages, shown, "Search without the postcode")
    assert [request.postcode for request in _asked(pages)] == ["LS1 1UR", ""]


def test_who_may_not_create_is_not_offered_it(pages: Pages) -> None:
    pages.sign_in(a_visitor(roles=("ROLE_DATA_MANAGER",)))
    assert "Create a record" not in _searched(pages).text


def test_too_many_asks_for_details_without_a_count(pages: Pages) -> None:
    pages.edge.answers["SearchChildren"] = lambda _: children.found(add_details=True)
    shown = press(pages, see(pages, "/search"), "Search", {**SEARCH, "given-names": ""})
    assert shown.h1 == "Add details to your search"
    assert "the first name" in shown.text
    assert "the postcode" in shown.text
    assert "Create a record" not in shown.text


def test_a_row_is_just_enough_to_choose(pages: Pages) -> None:
    pages.edge.answers["SearchChildren"] = lambda _: children.found(children.row(), children.row(is_limited=True))
    text = _searched(pages).text
    assert text.count("Maisie Thistlethwaite") == 4  # two names, and two buttons that name theirs
    assert text.count("Born 4 March 2021. Female") == 2
    assert text.count("Limited record.") == 1
    assert "Some have the same name and date of birth" in text


def test_twenty_rows_make_a_small_page(pages: Pages) -> None:
    pages.edge.answers["SearchChildren"] = lambda _: children.found(*[children.row()] * 20)
    assert len(_searched(pages).answer.text.encode()) < 15_000


def test_what_was_typed_wrongly_stays(pages: Pages) -> None:
    shown = press(pages, see(pages, "/search"), "Search", {**SEARCH, "born-month": "13"})
    assert shown.answer.status == 400
    assert "#born-month" in shown.links
    assert shown.values_of("surname") == ["O'Brien"]
    assert shown.values_of("born-month") == ["13"]
    assert _asked(pages) == []


def test_what_the_service_finds_wrong_is_said_at_its_field(pages: Pages) -> None:
    def refuse(_: object) -> None:
        raise InvalidRequest([("date_of_birth.day", "NO_SUCH_DAY")])

    pages.edge.answers["SearchChildren"] = refuse
    shown = _searched(pages)
    assert shown.h1 == "Search for a child"
    assert "#born-day" in shown.links
    assert shown.values_of("given-names") == ["Siân"]


def test_at_the_ceiling_the_team_is_the_next_step(pages: Pages) -> None:
    def refuse(_: object) -> None:
        raise CeilingReached

    pages.edge.answers["SearchChildren"] = refuse
    shown = _searched(pages)
    assert shown.answer.status == 429
    assert pages.site.teams.of("E08000035").day in shown.text


def test_the_search_is_there_again_for_the_same_person_only(pages: Pages) -> None:
    _searched(pages)
    assert see(pages, "/search").values_of("surname") == ["O'Brien"]
    pages.sign_in(a_visitor(person_id="9a0f2f3c-3f3e-4f3b-9d3e-1c1c1c1c1c1c"))
    assert see(pages, "/search").values_of("surname") == [""]


def test_a_newborn_is_searched_for(pages: Pages) -> None:
    typed = {**SEARCH, "given-names": "", "surname": "Pemberthy", "not-yet-named": "yes"}
    press(pages, see(pages, "/search"), "Search", typed)
    (request,) = _asked(pages)
    assert request == pb.SearchChildrenRequest(
        surname="Pemberthy", not_yet_named=True, date_of_birth=pb.DateOfBirth(year=2018, month=6, day=5)
    )
