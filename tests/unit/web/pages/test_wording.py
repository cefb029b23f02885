"""How telephone numbers, dates and child numbers are written and dialled, and reasons and refusals are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children import child_numbers, dates, names, reasons, refused_fields, telephones, words
from gateway.web.pages.about_entries import words as entries
from tests.unit.web.pages.typed import Typed


@pytest.mark.parametrize(
    "held, grouped, dialled",
    [
        ("01134960123", "0113 496 0123", "01134960123"),
        ("0113 496 0123", "0113 496 0123", "01134960123"),
        ("+44 113 496 0123", "0113 496 0123", "01134960123"),
        ("+44 (0)113 496 0123", "0113 496 0123", "01134960123"),
        ("02079460018", "020 7946 0018", "02079460018"),
        ("01214960123", "0121 496 0123", "01214960123"),
        ("01632960123", "01632 960123", "01632960123"),
        ("07700900123", "07700 900123", "07700900123"),
        ("03069990123", "0306 999 0123", "03069990123"),
        ("0800111999", "0800 111999", "0800111999"),
        ("0169772345", "01697 72345", "0169772345"),
        ("111", "111", "111"),
        ("+353 1 234 5678", "+353 1 234 5678", "+35312345678"),
    ],
)
def test_telephone_numbers_are_grouped_for_the_eye(held: str, grouped: str, dialled: str) -> None:
    assert telephones.grouped(held) == grouped
    assert telephones.dialled(held) == dialled


@pytest.mark.parametrize(
    "born, written",
    [
        (pb.DateOfBirth(year=2015, month=3, day=4), "4 March 2015"),
        (pb.DateOfBirth(year=2015, month=3), "March 2015"),
        (pb.DateOfBirth(year=2015), "2015"),
        (pb.DateOfBirth(year=2015, is_estimated=True), "2015 (estimated)"),
        (pb.DateOfBirth(year=2015, month=3, day=4, is_estimated=True), "4 March 2015 (estimated)"),
    ],
)
def test_dates_say_what_is_known(born: pb.DateOfBirth, written: str) -> None:
    assert dates.written(born) == written


@pytest.mark.parametrize(
    "at, written",
    [
        (datetime(2026, 7, 1, 2, 7, tzinfo=UTC), "1 July 2026 at 3:07am"),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "2 July 2026 at 12:30am"),
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "22 November 2026 at 12:00pm"),
    ],
)
def test_times_are_londons(at: datetime, written: str) -> None:
    assert dates.time_of(at) == written


@pytest.mark.parametrize("typed", ["1234567890", "12345 67890", " 123 456 7890 ", "12345-67890"])
def test_child_numbers_are_five_and_five(typed: str) -> None:
    assert child_numbers.tidied(typed) == "12345 67890"


def test_names_are_written_in_their_three_shapes() -> None:
    assert names.written(pb.ChildName(full=pb.FullName(surname="Hughes", given_names="Siân"))) == "Siân Hughes"
    assert names.written(pb.ChildName(single="Zarghuna")) == "Zarghuna"
    assert names.written(pb.ChildName(not_yet_named="Pemberthy")) == "Pemberthy (not yet named)"


@pytest.mark.parametrize(
    "typed, where",
    [
        ({}, ["reason"]),
        ({"reason": "CURIOSITY"}, ["reason"]),
        ({"reason": "OTHER"}, ["reason-text"]),
        ({"reason": "OTHER", "reason_text": "a b c d e f g h i "}, ["reason-text"]),
        ({"reason": "OTHER", "reason_text": "x" * 201}, ["reason-text"]),
        ({"reason": "OTHER", "reason_text": "Court asks for it"}, []),
        ({"reason": "SAFEGUARDING_CONCERN"}, []),
    ],
)
def test_a_reason_is_a_code_and_text_where_the_code_needs_it(typed: dict[str, str], where: list[str]) -> None:
    assert list(reasons.read(Typed(**typed))[1]) == where


def test_text_goes_with_another_reason_alone() -> None:
    said, _ = reasons.read(Typed(reason="NEW_REFERRAL", reason_text="typed and then thought better of"))
    assert said.message == pb.Reason(code=pb.REASON_CODE_NEW_REFERRAL)


def test_every_code_has_words() -> None:
    assert {f"REASON_CODE_{code}" for code in reasons.CODES} == {*pb.ReasonCode.keys()} - {"REASON_CODE_UNSPECIFIED"}
    assert {*words.ADDRESS_STATES} == {*pb.AddressState.values()} - {pb.ADDRESS_STATE_UNSPECIFIED}
    for code in pb.ProviderKind.values():
        assert words.provider(code)
        assert words.kind_under(code) != pb.INVOLVEMENT_KIND_UNSPECIFIED


def test_a_refused_field_is_the_pages_own() -> None:
    fields = {"number.number": "number", "number.date_of_birth": "born-day", "number.date_of_birth.year": "born-year"}
    found = refused_fields.faults(
        [
            ("number.number", "LOOKS_LIKE_NHS_NUMBER"),
            ("number.date_of_birth.year", "NO_SUCH_YEAR"),
            ("unheard.of", "UNHEARD_OF"),
        ],
        fields,
        otherwise="surname",
    )
    assert list(found) == ["number", "born-year", "surname"]
    assert "NHS number" in found["number"]
    assert found["surname"] == "This is not in the right form"


@pytest.mark.parametrize(
    "code, name, said",
    [
        ("ALLOWED", "OpenRecord", "Shown"),
        ("ALLOWED", "RequestShield", "Done"),
        ("REFUSED", "RequestShield", "Refused"),
        ("EMPTY", "SearchChildren", "Nothing was found"),
    ],
)
def test_how_an_act_ended(code: str, name: str, said: str) -> None:
    assert entries.outcome(code, method=f"/contactpoint.directory.v1.DirectoryService/{name}") == said
