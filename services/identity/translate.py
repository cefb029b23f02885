"""Between wire messages and what identity thinks in: shape, not meaning."""

from __future__ import annotations

from datetime import UTC, datetime

from contactpoint.access.v1 import access_pb2
from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from services.identity.domain.acts import Contact, Outcome, Receipt
from services.identity.domain.session import Session
from services.identity.domain.standing import Accreditation, SystemPurpose
from services.identity.use_cases.authorise import Asked
from services.identity.use_cases.begin_enrolment import EnrolmentShown
from services.identity.use_cases.begin_mediation import Mediating
from services.identity.use_cases.list_people import PeoplePage, PersonSeen
from services.identity.use_cases.list_sessions import OwnSessions
from services.identity.use_cases.name_people import Named
from services.identity.use_cases.record_condition import Fact
from services.identity.use_cases.sign_in import SignedIn
from services.runtime.errors import InvalidRequest
from services.runtime.verification_keys import PublishedKey

_MOST_LAPSED = 8


def instant(stamp: Timestamp) -> datetime:
    """Return a time of the wire, cut to the microsecond; raises InvalidRequest for one that no calendar has."""
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest([("time", "OUT_OF_RANGE")]) from None


def stamp(at: datetime) -> Timestamp:
    """Return a time for the wire."""
    made = Timestamp()
    made.FromDatetime(at)
    return made


def role(number: int) -> str:
    """Return a role's name."""
    return access_pb2.Role.Name(access_pb2.Role.ValueType(number))


def accreditation(number: int) -> Accreditation:
    """Return a state of accreditation."""
    name = standing_pb2.AccreditationState.Name(standing_pb2.AccreditationState.ValueType(number))
    return Accreditation(name.removeprefix("ACCREDITATION_STATE_"))


def purpose(number: int) -> SystemPurpose:
    """Return a system's purpose."""
    name = standing_pb2.SystemPurpose.Name(standing_pb2.SystemPurpose.ValueType(number))
    return SystemPurpose(name.removeprefix("SYSTEM_PURPOSE_"))


def organisation_kind(number: int) -> str:
    """Return the kind of an organisation, as it is kept."""
    name = pb.OrganisationKind.Name(pb.OrganisationKind.ValueType(number))
    return name.removeprefix("ORGANISATION_KIND_")


def contact(request: pb.AddPersonRequest, added_by: str) -> Contact:
    """Return how a new person is called and reached."""
    return Contact(
        name=request.name,
        email=request.email,
        manager_email=request.manager_email,
        proofs=tuple(request.proofs),
        added_by=added_by,
    )


def fact(request: pb.RecordConditionRequest) -> Fact:
    """Return the one fact of a request."""
    match request.WhichOneof("condition"):
        case "checked_at":
            return Fact(checked_at=instant(request.checked_at))
        case "is_barred_list_clear":
            return Fact(is_barred_list_clear=request.is_barred_list_clear)
        case "training_valid_until":
            return Fact(training_valid_until=instant(request.training_valid_until))
        case "sponsored_until":
            return Fact(sponsored_until=instant(request.sponsored_until))
        case _:
            return Fact()


def asked(request: pb.AuthoriseRequest) -> Asked:
    """Return the call that waits at the edge."""
    return Asked(
        session=request.session,
        method=request.method,
        request_digest=request.request_digest,
        channel=request.channel,
        channel_name=request.channel_name,
        system=request.system,
    )


def receipt(found: Receipt) -> pb.Receipt:
    """Return a receipt for the wire."""
    return pb.Receipt(index=found.index, leaf=found.leaf)


def sign_in_response(found: SignedIn) -> pb.SignInResponse:
    """Return the answer to a sign-in."""
    return pb.SignInResponse(
        session=found.handle,
        session_tag=found.tag,
        expires_at=stamp(found.expires_at),
        idle_seconds=found.idle_seconds,
        roles=[access_pb2.Role.Value(name) for name in found.roles],
        policy_due=found.is_policy_due,
        receipt=receipt(found.receipt),
        person_id=found.person,
        name=found.name,
        organisation_id=found.organisation,
        organisation_name=found.organisation_name,
        authority=found.authority,
        policy_version=found.policy_version,
    )


def begin_mediation_response(found: Mediating) -> pb.BeginMediationResponse:
    """Return for whom a session looks."""
    return pb.BeginMediationResponse(
        receipt=receipt(found.receipt),
        colleague_name=found.name,
        organisation_name=found.organisation_name,
        until=stamp(found.until),
    )


def name_people_response(found: Named) -> pb.NamePeopleResponse:
    """Return names."""
    return pb.NamePeopleResponse(
        people=[
            pb.NamedPerson(
                person_id=person.person,
                name=person.name,
                organisation_id=of.organisation,
                organisation_name=of.name,
            )
            for person, of in found.people
        ],
        organisations=[
            pb.NamedOrganisation(organisation_id=one.organisation, name=one.name) for one in found.organisations
        ],
    )


def begin_enrolment_response(found: EnrolmentShown) -> pb.BeginEnrolmentResponse:
    """Return what the person alone sees."""
    return pb.BeginEnrolmentResponse(
        totp_secret=found.enrolment.secret,
        totp_uri=found.uri,
        username=found.enrolment.username,
        expires_at=stamp(found.enrolment.expires_at),
    )


def list_sessions_response(found: OwnSessions) -> pb.ListSessionsResponse:
    """Return a person's own sessions."""
    return pb.ListSessionsResponse(sessions=[_session_row(one, found.this) for one in found.sessions])


def add_person_response(outcome: Outcome) -> pb.AddPersonResponse:
    """Return the answer about a new person: an id, and no secret."""
    return pb.AddPersonResponse(
        person_id=outcome.party,
        enrolment_expires_at=_optional(outcome.enrolment_expires_at),
        receipt=receipt(outcome.receipt),
    )


def renew_enrolment_response(outcome: Outcome) -> pb.RenewEnrolmentResponse:
    """Return until when the new link and code hold."""
    return pb.RenewEnrolmentResponse(
        enrolment_expires_at=_optional(outcome.enrolment_expires_at), receipt=receipt(outcome.receipt)
    )


def list_people_response(page: PeoplePage) -> pb.ListPeopleResponse:
    """Return a page of accounts."""
    return pb.ListPeopleResponse(people=[_person_row(one) for one in page.people], next_page_token=page.next_page_token)


def verification_key(found: PublishedKey) -> pb.VerificationKey:
    """Return a published key for the wire."""
    return pb.VerificationKey(
        kid=found.kid,
        public_key=found.public_key,
        not_before=stamp(found.not_before),
        not_after=stamp(found.not_after),
    )


def _session_row(session: Session, this: str) -> pb.SessionRow:
    return pb.SessionRow(
        session_tag=session.tag,
        started_at=stamp(session.started_at),
        last_used_at=stamp(session.last_used_at),
        is_this=session.tag == this,
        factors=[
            pb.SessionFactor(
                method=factor.method,
                assurance_level=factor.assurance_level,
                proved_at=stamp(factor.proved_at),
                vouched_by=factor.vouched_by,
            )
            for factor in session.factors
        ],
    )


def _person_row(person: PersonSeen) -> pb.PersonRow:
    return pb.PersonRow(
        person_id=person.person,
        name=person.name,
        username=person.username,
        is_suspended=person.is_suspended,
        is_enrolled=person.is_enrolled,
        roles=[access_pb2.Role.Value(name) for name in person.roles],
        lapsed=person.lapsed[:_MOST_LAPSED],
    )


def _optional(at: datetime | None) -> Timestamp | None:
    return None if at is None else stamp(at)
