"""Two custodians let a stopped service go on, each on a page of their own; till then nobody else comes in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deploy.local.settlement.outside import Refused
from tests.pages.manners import WITHOUT_SCRIPT
from tests.pages.person import Person
from tests.support.stopping import CUSTODIANS, resume_service, stop_service
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)


def test_two_custodians_let_it_go_on(person: Callable[..., Person], town: Town) -> None:
    stop_service(town)
    try:
        headings = [_says_that_it_goes_on(person(WITHOUT_SCRIPT), name, town, person) for name in CUSTODIANS]
    except BaseException:
        _let_it_go_on_at_any_rate(town)
        raise
    assert headings == ["One more custodian is needed", "ContactPoint goes on"]
    nurse = person()
    nurse.signs_in("nurse")
    nurse.is_at("Start page")


def test_there_is_nothing_to_do_where_nothing_was_stopped(person: Callable[..., Person]) -> None:
    custodian = person()
    custodian.signs_in("custodian")
    custodian.opens_menu("After a stop")
    custodian.presses("Let ContactPoint go on")
    custodian.is_at("The service is not stopped")
    custodian.is_content()


def _says_that_it_goes_on(custodian: Person, username: str, town: Town, person: Callable[..., Person]) -> str:
    custodian.signs_in(username)
    custodian.is_at("Start page")
    custodian.opens_menu("After a stop")
    custodian.sees("leave it stopped")
    nurse = person()
    nurse.signs_in("nurse")
    assert nurse.heading == "ContactPoint has been stopped"
    custodian.presses("Let ContactPoint go on")
    custodian.sees("of the log")
    custodian.is_content()
    return custodian.heading


def _let_it_go_on_at_any_rate(town: Town) -> None:
    for name in CUSTODIANS:
        try:
            resume_service(town, name)
        except Refused as refused:
            if refused.reason not in {"SECOND_CUSTODIAN_NEEDED", "SERVICE_NOT_STOPPED"}:
                raise
