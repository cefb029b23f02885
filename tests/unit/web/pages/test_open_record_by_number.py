"""A number opens nothing by itself, and an NHS number is told kindly."""

from __future__ import annotations

from datetime import date

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.open_record_by_number import form
from tests.unit.web.pages.typed import Typed

TODAY = date(2026, 11, 22)
REST = {
    "surname": "Rookwood",
    "born_day": "9",
    "born_month": "2",
    "born_year": "2019",
    "reason": "SAFEGUARDING_CONCERN",
}


def test_number_surname_date_and_reason_are_enough() -> None:
    said, wrong = form.read(Typed(number="1234567893", **REST), today=TODAY)
    assert wrong == {}
    assert said.claim == pb.NumberClaim(
        number="12345 67893", surname="Rookwood", date_of_birth=pb.DateOfBirth(year=2019, month=2, day=9)
    )


def test_nothing_typed_is_wrong_everywhere() -> None:
    assert list(form.read(Typed(), today=TODAY)[1]) == ["number", "surname", "born-day", "reason"]


@pytest.mark.parametrize(
    "number, says",
    [
        ("943 476 5919", "NHS number"),
        ("9434765919", "NHS number"),
        ("12345", "ten digits"),
        ("1234a67890", "ten digits"),
    ],
)
def test_what_is_no_number_is_said(number: str, says: str) -> None:
    said, wrong = form.read(Typed(number=number, **REST), today=TODAY)
    assert list(wrong) == ["number"]
    assert says in wrong["number"]
    assert said.surname == "Rookwood"


@pytest.mark.parametrize(
    "digits, is_one",
    [("9434765919", True), ("9434765918", False), ("4010232137", True), ("1234567890", False), ("9999999999", True)],
)
def test_nhs_numbers_are_known_by_their_check_digit(digits: str, is_one: bool) -> None:
    assert form.is_nhs_number(digits) is is_one
