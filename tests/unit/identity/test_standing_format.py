"""Stored standings: whatever decides is in the bytes, and the bytes are somebody's own (I8)."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contactpoint.identity.v1 import standing_pb2

from services.identity import standing_format
from services.identity.domain.standing import (
    Accreditation,
    Conditions,
    Factor,
    Grant,
    OrganisationStanding,
    Party,
    PersonStanding,
    ServiceStanding,
    Standing,
    SystemPurpose,
    SystemStanding,
)

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRANT = Grant(role="ROLE_PRACTITIONER", expires_at=AT, granted_by="g", need="n")
FACTOR = Factor(method="pwd", secret_digest=b"s" * 32, bound_at=AT, vouched_by="v")
FACTS = Conditions(
    checked_at=AT, is_barred_list_clear=True, training_valid_until=AT, sponsored_until=AT, policy_version=1
)
SAMPLES: list[Standing] = [
    PersonStanding(
        person="p",
        organisation="o",
        username_digest=b"u" * 32,
        conditions=FACTS,
        grants=(GRANT,),
        factors=(FACTOR, replace(FACTOR, method="otp")),
    ),
    OrganisationStanding(organisation="o", state=Accreditation.LIVE, expires_at=AT, authority="E08000035"),
    SystemStanding(system="s", organisation="o", purpose=SystemPurpose.SUPPLIER),
    ServiceStanding(environment="synthetic", resumption_asked_by="c", resumption_asked_at=AT),
]


def _other(value: object) -> object:  # noqa: PLR0911  # a line a type
    """Return another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return "ROLE_AUDITOR" if value.startswith("ROLE_") else value + "x"
        case bytes():
            return bytes(byte ^ 1 for byte in value)
        case datetime():
            return value + timedelta(microseconds=1)
        case Accreditation():
            return Accreditation.SUSPENDED
        case SystemPurpose():
            return SystemPurpose.CHANNEL
        case _:
            raise TypeError(type(value).__name__)


def _with(one: Any, name: str, value: Any) -> Any:
    return replace(one, **{name: value})


def _changed(standing: Standing) -> list[tuple[str, Standing]]:
    """Return the standing with each of its fields changed, down to the last of each grant and factor."""
    found: list[tuple[str, Standing]] = []
    for field in fields(standing):
        value = getattr(standing, field.name)
        if isinstance(value, Conditions):
            for inner in fields(value):
                changed = _with(value, inner.name, _other(getattr(value, inner.name)))
                found.append((f"conditions.{inner.name}", _with(standing, field.name, changed)))
        elif isinstance(value, tuple):
            found.append((f"{field.name} gone", _with(standing, field.name, value[1:])))
            for inner in fields(value[0]):
                one = _with(value[0], inner.name, _other(getattr(value[0], inner.name)))
                found.append((f"{field.name}.{inner.name}", _with(standing, field.name, (one, *value[1:]))))
        else:
            found.append((field.name, _with(standing, field.name, _other(value))))
    return found


@pytest.mark.parametrize("standing", SAMPLES, ids=lambda one: type(one).__name__)
def test_what_was_written_is_read(standing: Standing) -> None:
    assert standing_format.read(standing.party, standing_format.write(standing)) == standing


@pytest.mark.promise("I8")
@pytest.mark.parametrize(
    "changed",
    [(standing, name, after) for standing in SAMPLES for name, after in _changed(standing)],
    ids=lambda one: f"{type(one[0]).__name__}.{one[1]}",
)
def test_every_field_is_in_the_digest(changed: tuple[Standing, str, Standing]) -> None:
    standing, _, after = changed
    before = standing_format.digest(standing_format.write(standing))
    assert standing_format.digest(standing_format.write(after)) != before


@pytest.mark.parametrize("standing", SAMPLES, ids=lambda one: type(one).__name__)
def test_anothers_bytes_are_nobodys_standing(standing: Standing) -> None:
    stored = standing_format.write(standing)
    for party in (Party(standing.party.kind, "somebody else"), Party("decoy", standing.party.id)):
        with pytest.raises(standing_format.StandingUnreadable):
            standing_format.read(party, stored)
    with pytest.raises(standing_format.StandingUnreadable):
        standing_format.read(standing.party, b"\xff" + stored)


def test_a_later_format_is_not_judged_by_this_release() -> None:
    later = standing_pb2.ServiceStanding(format=2, environment="synthetic").SerializeToString()
    with pytest.raises(standing_format.StandingUnreadable):
        standing_format.read_service("synthetic", later)


def test_an_unknown_state_is_not_judged() -> None:
    unknown = standing_pb2.OrganisationStanding(format=1, organisation="o").SerializeToString()
    with pytest.raises(standing_format.StandingUnreadable):
        standing_format.read_organisation("o", unknown)
