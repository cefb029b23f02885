"""Between a standing and its stored bytes, which are hashed as they are and never written again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from contactpoint.access.v1 import access_pb2
from contactpoint.identity.v1 import standing_pb2 as pb
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

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

FORMAT = 1


class StandingUnreadable(ValueError):  # it names what was found
    """Bytes that are no standing of ours, or another party's: whoever wrote them, nothing is decided from them."""


def digest(stored: bytes) -> bytes:
    """Return the SHA-256 by which the ledger knows stored bytes."""
    return hashlib.sha256(stored).digest()


def write(standing: Standing) -> bytes:
    """Return the bytes to store."""
    match standing:
        case PersonStanding():
            return _person_message(standing).SerializeToString(deterministic=True)
        case OrganisationStanding():
            return pb.OrganisationStanding(
                format=FORMAT,
                organisation=standing.organisation,
                state=pb.AccreditationState.Value(f"ACCREDITATION_STATE_{standing.state.value}"),
                expires_at=_stamp(standing.expires_at),
                authority=standing.authority,
                revision=standing.revision,
            ).SerializeToString(deterministic=True)
        case SystemStanding():
            return pb.SystemStanding(
                format=FORMAT,
                system=standing.system,
                organisation=standing.organisation,
                purpose=pb.SystemPurpose.Value(f"SYSTEM_PURPOSE_{standing.purpose.value}"),
                is_suspended=standing.is_suspended,
                revision=standing.revision,
            ).SerializeToString(deterministic=True)
        case ServiceStanding():
            return pb.ServiceStanding(
                format=FORMAT,
                environment=standing.environment,
                is_stopped=standing.is_stopped,
                policy_version=standing.policy_version,
                revision=standing.revision,
                resumption_asked_by=standing.resumption_asked_by,
                resumption_asked_at=_stamp(standing.resumption_asked_at),
            ).SerializeToString(deterministic=True)


def read(party: Party, stored: bytes) -> Standing:
    """Return the standing of a party; raises StandingUnreadable for anything else than its own, in a known format."""
    try:
        standing = _READERS[party.kind](stored)
    except (DecodeError, ValueError, KeyError):
        raise StandingUnreadable from None
    if standing.party != party:
        raise StandingUnreadable
    return standing


def read_person(person: str, stored: bytes) -> PersonStanding:
    """Return a person's standing; raises StandingUnreadable."""
    standing = read(Party("person", person), stored)
    assert isinstance(standing, PersonStanding)  # noqa: S101  # by the party's kind
    return standing


def read_organisation(organisation: str, stored: bytes) -> OrganisationStanding:
    """Return an organisation's standing; raises StandingUnreadable."""
    standing = read(Party("organisation", organisation), stored)
    assert isinstance(standing, OrganisationStanding)  # noqa: S101  # by the party's kind
    return standing


def read_system(system: str, stored: bytes) -> SystemStanding:
    """Return a system's standing; raises StandingUnreadable."""
    standing = read(Party("system", system), stored)
    assert isinstance(standing, SystemStanding)  # noqa: S101  # by the party's kind
    return standing


def read_service(environment: str, stored: bytes) -> ServiceStanding:
    """Return the service's standing; raises StandingUnreadable."""
    standing = read(Party("service", environment), stored)
    assert isinstance(standing, ServiceStanding)  # noqa: S101  # by the party's kind
    return standing


def _person_message(standing: PersonStanding) -> pb.PersonStanding:
    facts = standing.conditions
    return pb.PersonStanding(
        format=FORMAT,
        person=standing.person,
        organisation=standing.organisation,
        username_digest=standing.username_digest,
        is_suspended=standing.is_suspended,
        conditions=pb.PersonConditions(
            checked_at=_stamp(facts.checked_at),
            is_barred_list_clear=facts.is_barred_list_clear,
            training_valid_until=_stamp(facts.training_valid_until),
            sponsored_until=_stamp(facts.sponsored_until),
            policy_version=facts.policy_version,
        ),
        grants=[
            pb.RoleGrant(
                role=access_pb2.Role.Value(grant.role),
                expires_at=_stamp(grant.expires_at),
                granted_by=grant.granted_by,
                need=grant.need,
            )
            for grant in standing.grants
        ],
        factors=[
            pb.BoundFactor(
                method=factor.method,
                secret_digest=factor.secret_digest,
                bound_at=_stamp(factor.bound_at),
                vouched_by=factor.vouched_by,
            )
            for factor in standing.factors
        ],
        revision=standing.revision,
    )


def _person(stored: bytes) -> PersonStanding:
    found = pb.PersonStanding.FromString(stored)
    _check_format(found.format)
    facts = found.conditions
    return PersonStanding(
        person=found.person,
        organisation=found.organisation,
        username_digest=found.username_digest,
        is_suspended=found.is_suspended,
        conditions=Conditions(
            checked_at=_instant(facts, "checked_at"),
            is_barred_list_clear=facts.is_barred_list_clear,
            training_valid_until=_instant(facts, "training_valid_until"),
            sponsored_until=_instant(facts, "sponsored_until"),
            policy_version=facts.policy_version,
        ),
        grants=tuple(
            Grant(
                role=access_pb2.Role.Name(grant.role),
                expires_at=grant.expires_at.ToDatetime(UTC),
                granted_by=grant.granted_by,
                need=grant.need,
            )
            for grant in found.grants
        ),
        factors=tuple(
            Factor(
                method=factor.method,
                secret_digest=factor.secret_digest,
                bound_at=factor.bound_at.ToDatetime(UTC),
                vouched_by=factor.vouched_by,
            )
            for factor in found.factors
        ),
        revision=found.revision,
    )


def _organisation(stored: bytes) -> OrganisationStanding:
    found = pb.OrganisationStanding.FromString(stored)
    _check_format(found.format)
    name = pb.AccreditationState.Name(found.state)
    return OrganisationStanding(
        organisation=found.organisation,
        state=Accreditation(name.removeprefix("ACCREDITATION_STATE_")),
        expires_at=_instant(found, "expires_at"),
        authority=found.authority,
        revision=found.revision,
    )


def _system(stored: bytes) -> SystemStanding:
    found = pb.SystemStanding.FromString(stored)
    _check_format(found.format)
    return SystemStanding(
        system=found.system,
        organisation=found.organisation,
        purpose=SystemPurpose(pb.SystemPurpose.Name(found.purpose).removeprefix("SYSTEM_PURPOSE_")),
        is_suspended=found.is_suspended,
        revision=found.revision,
    )


def _service(stored: bytes) -> ServiceStanding:
    found = pb.ServiceStanding.FromString(stored)
    _check_format(found.format)
    return ServiceStanding(
        environment=found.environment,
        is_stopped=found.is_stopped,
        policy_version=found.policy_version,
        revision=found.revision,
        resumption_asked_by=found.resumption_asked_by,
        resumption_asked_at=_instant(found, "resumption_asked_at"),
    )


_READERS: dict[str, Callable[[bytes], Standing]] = {
    "person": _person,
    "organisation": _organisation,
    "system": _system,
    "service": _service,
}


def _check_format(found: int) -> None:
    # A later format may mean something that this release would not judge.
    if found != FORMAT:
        raise StandingUnreadable


def _stamp(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _instant(
    message: pb.PersonConditions | pb.OrganisationStanding | pb.ServiceStanding, field: str
) -> datetime | None:
    if not message.HasField(field):  # type: ignore[arg-type]  # one of the message's own names
        return None
    found: datetime = getattr(message, field).ToDatetime(UTC)
    return found
