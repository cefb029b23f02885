"""The conditions of domain.md 4, each by itself, to the second, leap days included (I3)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.conditions import (
    Condition,
    is_working,
    lapsed,
    lets,
    may_before_policy,
    may_bring,
    may_supply,
    may_while_stopped,
    years_later,
)
from services.identity.domain.standing import (
    Accreditation,
    Conditions,
    Factor,
    Grant,
    OrganisationStanding,
    PersonStanding,
    ServiceStanding,
    SystemPurpose,
    SystemStanding,
)
from services.runtime.access import every_role, whole_table

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
ORGANISATION = OrganisationStanding(
    organisation="o", state=Accreditation.LIVE, expires_at=NOW + A_SECOND, authority="E08000035"
)
SERVICE = ServiceStanding(environment="synthetic", policy_version=3)
PERSON = PersonStanding(
    person="p",
    organisation="o",
    username_digest=b"u",
    conditions=Conditions(
        checked_at=NOW - timedelta(days=3 * 365),
        is_barred_list_clear=True,
        training_valid_until=NOW + A_SECOND,
        sponsored_until=NOW + A_SECOND,
        policy_version=3,
    ),
    grants=(Grant(role="ROLE_PRACTITIONER", expires_at=NOW + A_SECOND, granted_by="a", need="n"),),
    factors=tuple(Factor(method=method, secret_digest=b"s", bound_at=NOW, vouched_by="a") for method in ("pwd", "otp")),
)


def with_facts(**facts: object) -> PersonStanding:
    return replace(PERSON, conditions=replace(PERSON.conditions, **facts))  # type: ignore[arg-type]  # by name


def test_who_meets_every_condition_is_in() -> None:
    assert lapsed(PERSON, ORGANISATION, SERVICE, NOW) == ()


def test_what_is_done_while_the_service_is_stopped_reaches_no_child() -> None:
    reached = {
        method.full_name: (method.process, method.children_disclosed)
        for method in whole_table()
        for role in every_role()
        if may_while_stopped(method.permission, role)
    }
    assert {process for process, _ in reached.values()} == {"identity", "audit.review"}
    assert {children for _, children in reached.values()} == {0}


@pytest.mark.promise("I3")
@pytest.mark.parametrize(
    "condition, person, organisation, service",
    [
        (Condition.SERVICE, PERSON, ORGANISATION, replace(SERVICE, is_stopped=True)),
        (Condition.ORGANISATION, PERSON, replace(ORGANISATION, expires_at=NOW), SERVICE),
        (Condition.ORGANISATION, PERSON, replace(ORGANISATION, expires_at=None), SERVICE),
        (Condition.ORGANISATION, PERSON, replace(ORGANISATION, state=Accreditation.ACCREDITED), SERVICE),
        (Condition.SUSPENSION, replace(PERSON, is_suspended=True), ORGANISATION, SERVICE),
        (Condition.SPONSORSHIP, with_facts(sponsored_until=NOW), ORGANISATION, SERVICE),
        (Condition.SPONSORSHIP, with_facts(sponsored_until=None), ORGANISATION, SERVICE),
        (Condition.CHECK, with_facts(checked_at=datetime(2023, 11, 22, 12, tzinfo=UTC)), ORGANISATION, SERVICE),
        (Condition.CHECK, with_facts(checked_at=NOW + A_SECOND), ORGANISATION, SERVICE),
        (Condition.CHECK, with_facts(checked_at=None), ORGANISATION, SERVICE),
        (Condition.BARRED_LIST, with_facts(is_barred_list_clear=False), ORGANISATION, SERVICE),
        (Condition.TRAINING, with_facts(training_valid_until=NOW), ORGANISATION, SERVICE),
        (Condition.TRAINING, with_facts(training_valid_until=None), ORGANISATION, SERVICE),
        (Condition.FACTORS, replace(PERSON, factors=PERSON.factors[:1]), ORGANISATION, SERVICE),
        (Condition.FACTORS, replace(PERSON, factors=PERSON.factors[1:]), ORGANISATION, SERVICE),
        (Condition.FACTORS, replace(PERSON, factors=()), ORGANISATION, SERVICE),
        (Condition.ROLE, replace(PERSON, grants=()), ORGANISATION, SERVICE),
        (
            Condition.ROLE,
            replace(PERSON, grants=(replace(PERSON.grants[0], expires_at=NOW),)),
            ORGANISATION,
            SERVICE,
        ),
        (Condition.POLICY, with_facts(policy_version=2), ORGANISATION, SERVICE),
    ],
)
def test_each_condition_by_itself(
    condition: Condition, person: PersonStanding, organisation: OrganisationStanding, service: ServiceStanding
) -> None:
    assert lapsed(person, organisation, service, NOW) == (condition,)


def test_the_gravest_comes_first() -> None:
    both = replace(with_facts(policy_version=0), is_suspended=True)
    assert lapsed(both, ORGANISATION, SERVICE, NOW) == (Condition.SUSPENSION, Condition.POLICY)


def test_a_check_of_a_leap_day_holds_to_the_28th() -> None:
    checked = with_facts(checked_at=datetime(2024, 2, 29, 9, tzinfo=UTC))
    far = replace(ORGANISATION, expires_at=NOW + timedelta(days=999))
    person = replace(
        checked,
        conditions=replace(checked.conditions, training_valid_until=far.expires_at, sponsored_until=far.expires_at),
        grants=(replace(PERSON.grants[0], expires_at=NOW + timedelta(days=999)),),
    )
    last = datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert lapsed(person, far, SERVICE, last - A_SECOND) == ()
    assert lapsed(person, far, SERVICE, last) == (Condition.CHECK,)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis adds it
def test_three_years_are_three_years(checked_at: datetime) -> None:
    later = years_later(checked_at, 3)
    assert later.year == checked_at.year + 3
    assert timedelta(days=3 * 365) <= later - checked_at <= timedelta(days=3 * 365 + 1)


@pytest.mark.parametrize("state", Accreditation)
def test_only_two_states_let_anybody_in(state: Accreditation) -> None:
    organisation = replace(ORGANISATION, state=state)
    assert is_working(organisation, NOW) == (state in {Accreditation.LIVE, Accreditation.SHIELDING_ONLY})
    is_live, may_shield = state is Accreditation.LIVE, state in {Accreditation.LIVE, Accreditation.SHIELDING_ONLY}
    assert lets(organisation, "record.open", "ROLE_SHIELD_OFFICER") == is_live
    assert lets(organisation, "record.search", "ROLE_PRACTITIONER") == is_live
    assert lets(organisation, "record.search", "ROLE_SHIELD_OFFICER") == may_shield
    assert lets(organisation, "shield.decide", "ROLE_SHIELD_OFFICER") == may_shield


def test_before_the_policy_there_is_the_own_account_alone() -> None:
    assert may_before_policy("account.self")
    assert not may_before_policy("record.search")


def test_systems_do_what_they_are_registered_for() -> None:
    channel = SystemStanding(system="s", organisation="o", purpose=SystemPurpose.CHANNEL)
    supplier = replace(channel, purpose=SystemPurpose.SUPPLIER)
    assert may_bring(channel, PERSON)
    assert not may_bring(supplier, PERSON)
    assert not may_bring(replace(channel, is_suspended=True), PERSON)
    assert not may_bring(replace(channel, organisation="other"), PERSON)
    assert may_supply(supplier, ORGANISATION, SERVICE, NOW)
    assert not may_supply(channel, ORGANISATION, SERVICE, NOW)
    assert not may_supply(replace(supplier, is_suspended=True), ORGANISATION, SERVICE, NOW)
    assert not may_supply(supplier, replace(ORGANISATION, expires_at=NOW), SERVICE, NOW)
    assert not may_supply(supplier, replace(ORGANISATION, state=Accreditation.SHIELDING_ONLY), SERVICE, NOW)
    assert not may_supply(supplier, ORGANISATION, replace(SERVICE, is_stopped=True), NOW)
    assert not may_supply(supplier, replace(ORGANISATION, organisation="other"), SERVICE, NOW)
