"""ResumeService: a stopped service goes on when two custodians have said so, within a day of each other."""

from __future__ import annotations

import pytest

from services.identity.use_cases.resume_service import ASKED_HOLDS
from tests.fakes.identity_town import Person, Town, key, refusal
from tests.fakes.stopped_town import STOPPED, is_stopped_now, resume, stopped


@pytest.mark.parametrize("role", ["ROLE_NATIONAL_ADMINISTRATOR", "ROLE_CENTRAL_AUDITOR"])
def test_nobody_else_lets_it_go_on(town: Town, role: str, custodians: tuple[Person, Person]) -> None:
    person = town.new_person(town.add_organisation(), role)
    with stopped(town, custodians):
        assert refusal(lambda: resume(town, person)).reason == STOPPED
        assert is_stopped_now(town)


def test_it_takes_two_custodians(town: Town, custodians: tuple[Person, Person]) -> None:
    one, other = custodians
    with stopped(town, custodians):
        for who in custodians:
            town.sign_in(who)
        first = key()
        assert resume(town, one, again=first).is_stopped
        assert refusal(lambda: resume(town, one)).reason == "SECOND_CUSTODIAN_NEEDED"
        # A retry of the first word is that word.
        assert resume(town, one, again=first).is_stopped
        assert is_stopped_now(town)
        assert not resume(town, other).is_stopped
        assert not is_stopped_now(town)
    assert refusal(lambda: resume(town, one)).reason == "SERVICE_NOT_STOPPED"


def test_a_word_holds_for_a_day(town: Town, custodians: tuple[Person, Person]) -> None:
    one, other = custodians
    with stopped(town, custodians):
        town.sign_in(one)
        assert resume(town, one).is_stopped
        town.clock.move(ASKED_HOLDS.total_seconds())
        town.identity.upkeep.token_keys.rotate()
        town.sign_in(other)
        assert resume(town, other).is_stopped
