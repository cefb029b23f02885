"""What may be typed into a search, and what is said of what may not."""

from __future__ import annotations

from datetime import date

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.search_children import form
from tests.unit.web.pages.typed import Typed

TODAY = date(2026, 11, 22)
BORN = {"born_day": "4", "born_month": "3", "born_year": "2021"}


def test_a_surname_and_a_whole_date_are_enough() -> None:
    said, wrong = form.read(Typed(surname=" Thistlethwaite ", **BORN), today=TODAY)
    assert wrong == {}
    assert said.request == pb.SearchChildrenRequest(
        surname="Thistlethwaite", date_of_birth=pb.DateOfBirth(year=2021, month=3, day=4)
    )
    assert said.may_create


def test_both_names_and_a_year_are_enough_but_make_no_record() -> None:
    said, wrong = form.read(Typed(surname="Thistlethwaite", given_names="Maisie", born_year="2021"), today=TODAY)
    assert wrong == {}
    assert said.request.date_of_birth == pb.DateOfBirth(year=2021)
    assert not said.may_create


@pytest.mark.parametrize(
    "typed, where",
    [
        ({}, ["surname", "born-day"]),
        ({"surname": "Rookwood"}, ["born-day"]),
        ({"surname": "Rookwood", "born_year": "2019"}, ["born-day"]),
        ({"surname": "Rookwood", "born_month": "2", "born_year": "2019"}, ["born-day"]),
        ({"surname": "Pemberthy", "not_yet_named": "yes", "born_year": "2026"}, ["born-day"]),
        ({"surname": "Pemberthy", "given_names": "A", "not_yet_named": "yes", **BORN}, ["given-names"]),
        ({"given_names": "Maisie", "not_yet_named": "yes", **BORN}, ["surname"]),
        ({"surname": "Rook5wood", **BORN}, ["surname"]),
        ({"surname": "'t Hooft", **BORN}, ["surname"]),
        ({"surname": "x" * 81, **BORN}, ["surname"]),
        ({"surname": "Rookwood", "born_day": "31", "born_month": "2", "born_year": "2019"}, ["born-day"]),
        ({"surname": "Rookwood", "born_day": "4", "born_year": "2019"}, ["born-month"]),
        ({"surname": "Rookwood", "born_day": "4", "born_month": "13", "born_year": "2019"}, ["born-month"]),
        ({"surname": "Rookwood", "born_day": "4", "born_month": "Ma", "born_year": "2019"}, ["born-month"]),
        ({"surname": "Rookwood", "born_day": "4", "born_month": "3", "born_year": "19"}, ["born-year"]),
        ({"surname": "Rookwood", "born_day": "4", "born_month": "3"}, ["born-year"]),
        ({"surname": "Rookwood", "born_day": "0", "born_month": "3", "born_year": "2019"}, ["born-day"]),
        ({"surname": "Rookwood", "born_day": "23", "born_month": "11", "born_year": "2026"}, ["born-day"]),
        ({"surname": "Rookwood", "born_day": "1", "born_month": "1", "born_year": "2027"}, ["born-year"]),
        ({"surname": "Rookwood", "postcode": "LS1; DROP", **BORN}, ["postcode"]),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_its_field(typed: dict[str, str], where: list[str]) -> None:
    assert list(form.read(Typed(**typed), today=TODAY)[1]) == where


@pytest.mark.parametrize(
    "typed, asked",
    [
        ("Llŷr", "Llŷr"),
        ("LLY\u0302R", "LL\u0176R"),
        ("O\u2018Brien", "O'Brien"),
        ("O`Brien", "O'Brien"),
        ("O\u2019Brien", "O\u2019Brien"),
        ("Smith\u2010Jones", "Smith-Jones"),
        ("de  la   Cruz", "de la Cruz"),
        ("St. John", "St. John"),
        ("Яковлева", "Яковлева"),
    ],
)
def test_letters_and_apostrophes_of_all_keyboards_are_taken(typed: str, asked: str) -> None:
    said, wrong = form.read(Typed(surname=typed, **BORN), today=TODAY)
    assert wrong == {}
    assert said.request.surname == asked


@pytest.mark.parametrize("month", ["3", "03", "March", "mar", "MARCH"])
def test_a_month_is_a_number_or_its_name(month: str) -> None:
    said, wrong = form.read(Typed(surname="Rookwood", **{**BORN, "born_month": month}), today=TODAY)
    assert wrong == {}
    assert said.request.date_of_birth.month == 3


def test_a_newborn_is_searched_by_surname_and_date() -> None:
    said, wrong = form.read(Typed(surname="Pemberthy", not_yet_named="yes", **BORN), today=TODAY)
    assert wrong == {}
    assert said.request.not_yet_named
    assert said.child_name == pb.ChildName(not_yet_named="Pemberthy")
    assert said.who == "Pemberthy (not yet named), born 4 March 2021"


@pytest.mark.parametrize("typed", [{"surname": "Zarghuna"}, {"given_names": "Zarghuna"}])
def test_one_name_alone_may_stand_in_either_field(typed: dict[str, str]) -> None:
    said, wrong = form.read(Typed(**typed, **BORN), today=TODAY)
    assert wrong == {}
    assert said.child_name == pb.ChildName(single="Zarghuna")


def test_with_a_postcode_no_record_is_made() -> None:
    said, wrong = form.read(Typed(surname="Rookwood", postcode="ls6  2qx", **BORN), today=TODAY)
    assert (wrong, said.request.postcode, said.may_create) == ({}, "LS6 2QX", False)


def test_what_was_kept_is_the_search_again() -> None:
    said, _ = form.read(Typed(surname="Rookwood", given_names="Adam", postcode="LS6", **BORN), today=TODAY)
    assert form.again(said.fields, today=TODAY) == said


def test_it_does_not_print_what_was_typed() -> None:
    said, _ = form.read(Typed(surname="Rookwood", **BORN), today=TODAY)
    assert "Rookwood" not in repr(said)
    assert "2021" not in repr(said.typed_date)
