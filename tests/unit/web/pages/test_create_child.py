"""What is said of a new child: as little as is known, and each thing in its field."""

from __future__ import annotations

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.create_child import form
from tests.unit.web.pages.typed import Typed

NAME = pb.ChildName(single="Zarghuna")
BORN = pb.DateOfBirth(year=2014, month=1, day=17)
ACT = "5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b11"


def _request(said: form.CreateForm) -> pb.CreateChildRequest:
    return said.request(act=ACT, search_handle=b"s" * 64, name=NAME, born=BORN)


def test_a_gender_is_all_that_must_be_said() -> None:
    said, wrong = form.read(Typed(gender="not-specified"))
    assert wrong == {}
    request = _request(said)
    assert request.gender == pb.GENDER_UNSPECIFIED
    assert not request.HasField("address")
    assert not request.carers
    assert request.date_of_birth == BORN


def test_an_estimated_date_says_so() -> None:
    said, _ = form.read(Typed(gender="female", is_estimated="yes"))
    assert _request(said).date_of_birth.is_estimated


def test_an_address_is_a_state_with_its_lines() -> None:
    said, wrong = form.read(
        Typed(gender="male", address="last-known", line_1="9 Spring Grove", line_2="Leeds", postcode="ls8 5rt")
    )
    assert wrong == {}
    assert _request(said).address == pb.Address(
        state=pb.ADDRESS_STATE_LAST_KNOWN, lines=["9 Spring Grove", "Leeds", "", ""], postcode="LS8 5RT"
    )


@pytest.mark.parametrize("address", ["none-known", "left-returns", "left-for-good", "left-not-known"])
def test_a_state_without_a_place_is_sent_alone(address: str) -> None:
    said, wrong = form.read(Typed(gender="male", address=address))
    assert wrong == {}
    assert _request(said).address.state == form.ADDRESSES[address]


@pytest.mark.parametrize(
    "typed, where",
    [
        ({}, ["gender"]),
        ({"gender": "male", "address": "current"}, ["line-1"]),
        ({"gender": "male", "address": "none-known", "line_1": "9 Spring Grove"}, ["address"]),
        ({"gender": "male", "line_1": "9 Spring Grove"}, ["address"]),
        ({"gender": "male", "address": "moon"}, ["address"]),
        ({"gender": "male", "address": "current", "line_1": "x" * 61}, ["line-1"]),
        ({"gender": "male", "address": "current", "postcode": "LS8-5RT"}, ["postcode"]),
        ({"gender": "male", "carer_1_telephone": "07700 900123"}, ["carer-1-name"]),
        ({"gender": "male", "carer_1_name": "A B", "carer_1_telephone": "call me"}, ["carer-1-telephone"]),
        ({"gender": "male", "carer_1_name": "A B", "carer_1_email": "at home"}, ["carer-1-email"]),
    ],
)
def test_what_does_not_go_together_is_said_at_its_field(typed: dict[str, str], where: list[str]) -> None:
    assert list(form.read(Typed(**typed))[1]) == where


def test_carers_who_were_left_empty_are_not_sent() -> None:
    said, wrong = form.read(Typed(gender="male", carers="3", carer_2_name="Sarah  Rookwood", carer_3_name=""))
    assert wrong == {}
    assert len(said.carers) == 3
    assert [one.name for one in _request(said).carers] == ["Sarah Rookwood"]


@pytest.mark.parametrize("shown, count", [("9", 6), ("0", 1), ("", 1), ("-1", 1), ("99", 1)])
def test_no_more_carers_are_shown_than_can_be_sent(shown: str, count: int) -> None:
    assert len(form.read(Typed(gender="male", carers=shown))[0].carers) == count
