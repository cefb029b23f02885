"""Which roles go together, and who grants them."""

import pytest

from services.identity.domain import roles
from services.runtime.access import every_role


@pytest.mark.parametrize("keeper", ["ROLE_USER_ADMINISTRATOR", "ROLE_NATIONAL_ADMINISTRATOR"])
@pytest.mark.parametrize("reviewer", ["ROLE_AUDITOR", "ROLE_CENTRAL_AUDITOR"])
def test_nobody_keeps_accounts_and_reviews_their_use(keeper: str, reviewer: str) -> None:
    assert not roles.go_together([keeper, reviewer])
    assert roles.go_together([keeper])
    assert roles.go_together([reviewer])


@pytest.mark.parametrize(
    "role", ["ROLE_USER_ADMINISTRATOR", "ROLE_NATIONAL_ADMINISTRATOR", "ROLE_AUDITOR", "ROLE_CENTRAL_AUDITOR"]
)
def test_a_custodian_neither_keeps_accounts_nor_reviews(role: str) -> None:
    assert not roles.go_together(["ROLE_CUSTODIAN", role])
    assert roles.go_together(["ROLE_CUSTODIAN", "ROLE_PRACTITIONER"])


def test_a_team_may_be_three_people() -> None:
    for either in ("ROLE_USER_ADMINISTRATOR", "ROLE_AUDITOR"):
        assert roles.go_together(["ROLE_SHIELD_OFFICER", "ROLE_DATA_MANAGER", either])


@pytest.mark.parametrize("role", [role for role in every_role() if role != "ROLE_MEDIATOR"])
def test_a_mediator_is_nothing_else(role: str) -> None:
    assert roles.go_together(["ROLE_MEDIATOR"])
    assert not roles.go_together(["ROLE_MEDIATOR", role])


def test_whom_a_mediator_serves_and_whose_names_are_told() -> None:
    assert roles.may_serve("a", "", "a", "")
    assert roles.may_serve("a", "E1", "b", "E1")
    assert not roles.may_serve("a", "E1", "b", "E2")
    assert not roles.may_serve("a", "", "b", "")
    assert roles.may_name("ROLE_SHIELD_OFFICER", "a", "E1", "b", "E1")
    assert not roles.may_name("ROLE_SHIELD_OFFICER", "a", "", "b", "")
    assert not roles.may_name("ROLE_AUDITOR", "a", "E1", "b", "E1")
    assert roles.may_name("ROLE_CENTRAL_AUDITOR", "a", "", "b", "E2")


@pytest.mark.parametrize("role", every_role())
def test_a_user_administrator_grants_nothing_that_reaches_everywhere(role: str) -> None:
    everywhere = role in {"ROLE_NATIONAL_ADMINISTRATOR", "ROLE_CENTRAL_AUDITOR", "ROLE_CUSTODIAN"}
    assert roles.may_grant("ROLE_USER_ADMINISTRATOR", role) == (not everywhere)
    assert roles.may_grant("ROLE_NATIONAL_ADMINISTRATOR", role)
    assert not roles.may_grant("ROLE_AUDITOR", role)


def test_who_reaches_how_far() -> None:
    assert roles.reaches("ROLE_USER_ADMINISTRATOR", "a", "a")
    assert not roles.reaches("ROLE_USER_ADMINISTRATOR", "a", "b")
    assert not roles.reaches("ROLE_AUDITOR", "a", "b")
    assert roles.reaches("ROLE_NATIONAL_ADMINISTRATOR", "a", "b")
    assert roles.reaches("ROLE_CENTRAL_AUDITOR", "a", "b")
