"""One's own involvement: under which name, and how one is reached."""

from __future__ import annotations

import pytest

from gateway.web.pages.start_involvement import form
from tests.unit.web.pages.typed import Typed


def test_a_name_is_enough() -> None:
    said, wrong = form.read(Typed(practitioner=" Bethan  Pryce "))
    assert wrong == {}
    assert said == form.InvolvementForm(practitioner="Bethan Pryce")


def test_both_indicators_are_ticks() -> None:
    said, _ = form.read(Typed(practitioner="Bethan Pryce", marks=["lead", "caf"]))
    assert said.is_lead_professional
    assert said.has_common_assessment


@pytest.mark.parametrize(
    "typed, where",
    [
        ({}, ["practitioner"]),
        ({"practitioner": "B"}, ["practitioner"]),
        ({"practitioner": "x" * 81}, ["practitioner"]),
        ({"practitioner": "Bethan Pryce", "telephone": "extension 5"}, ["telephone"]),
        ({"practitioner": "Bethan Pryce", "email": "bethan at health"}, ["email"]),
    ],
)
def test_what_is_wrong_is_said_at_its_field(typed: dict[str, str], where: list[str]) -> None:
    assert list(form.read(Typed(**typed))[1]) == where


def test_a_team_is_searched_by_the_beginning_of_its_name() -> None:
    assert form.read_provider_name(Typed(team="  Leeds  Health ")) == ("Leeds Health", {})
    assert list(form.read_provider_name(Typed())[1]) == ["team"]
    assert list(form.read_provider_name(Typed(team="x" * 121))[1]) == ["team"]


def test_a_team_is_chosen_by_its_id() -> None:
    chosen = "5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b11"
    assert form.read_provider(chosen) == (chosen, {})
    assert list(form.read_provider("")[1]) == ["provider"]
    assert list(form.read_provider("../x")[1]) == ["provider"]
