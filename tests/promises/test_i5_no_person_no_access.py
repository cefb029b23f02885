"""I5: the edge's certificate without a person's token opens nothing, and no metadata can name a person."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from contactpoint.identity.v1 import identity_service_pb2 as identity

from services.runtime.access import Assurance, Exposure, MethodAccess, whole_table
from services.runtime.interceptors.limits import CHANNEL_KEY, SESSION_KEY
from tests.support.figures import RecordProperty
from tests.support.raw_calls import ACCESS_REASONS, Answer, raw_call
from tests.support.town import Seat, Town

pytestmark = [pytest.mark.promise("I5"), pytest.mark.timeout(300)]

Sent = tuple[tuple[str, str | bytes], ...]
PROCESSES = ("identity", "directory", "shielding", "audit.ledger", "audit.review")
# An identity key that is not allowed is refused before anything else is looked at.
REFUSALS = ACCESS_REASONS | {"INVALID_REQUEST"}


def claims_to_be(seat: Seat) -> dict[str, Sent]:
    """Return the ways in which a header might name a person, or pass a session on."""
    person, session = seat.account.person_id, f"Bearer {seat.outside.session}"
    named = (
        "x-user-id",
        "x_user_id",
        "x-user",
        "x-user-id-bin",
        "x-remote-user",
        "remote-user",
        "x-forwarded-user",
        "x-forwarded-client-cert",
        "x-auth-request-user",
        "x-ssl-client-dn",
        "cookie",
        "contactpoint-person",
        "contactpoint-act",
        "user-id",
        "person",
        "sub",
        "rol",
    )
    sent: dict[str, Sent] = {"nothing": ()}
    for name in named:
        sent[name] = ((name, person.encode() if name.endswith("-bin") else person),)
    sent["a session"] = ((SESSION_KEY, session),)
    sent["a session, by another name"] = (("contactpoint-session", session),)
    sent["the channel"] = ((CHANNEL_KEY, seat.thumbprint),)
    sent["the channel and the person"] = ((CHANNEL_KEY, seat.thumbprint), ("sub", person))
    sent["person, role and organisation"] = (("sub", person), ("rol", "ROLE_PRACTITIONER"), ("x-user-id", person))
    return sent


def test_the_edges_certificate_alone_opens_nothing(town: Town, record_property: RecordProperty) -> None:
    sent, opened, tried = claims_to_be(town.seat("nurse")), [], 0
    for process, channel in _ports(town):
        for said in (one for one in whole_table() if one.process == process):
            for name, metadata in sent.items():
                answer = raw_call(channel, said.full_name, b"", metadata)
                tried += 1
                if not _is_refused(said, answer):
                    opened.append(f"{said.full_name}, {name}: {answer.status} {answer.reason}")
    assert not opened, "\n".join(opened)
    record_property("figure", f"0 of {tried} calls with the edge's certificate alone")


@pytest.mark.parametrize("header", ["x-user-id", "sub"])
def test_a_header_names_nobody(header: str, town: Town) -> None:
    """At methods that answer without asking the ledger: nothing else would stop a person who was made up."""
    person = town.cast.accounts["national.administrator"].person_id or town.cast.accounts["nurse"].person_id
    for process, method in (
        ("identity", "/contactpoint.identity.v1.SessionService/ListSessions"),
        ("directory", "/contactpoint.directory.v1.ProviderService/ListProviders"),
    ):
        with town.inside.channel(process, as_process="gateway.edge") as channel:
            assert raw_call(channel, method, b"", ((header, person),)).reason in REFUSALS


def test_authorise_makes_no_token_without_a_session(town: Town, record_property: RecordProperty) -> None:
    """The one method that makes tokens: by tags, people, other channels and systems it makes none for a person."""
    seat, made = town.seat("nurse"), []
    tries = {
        "no session": ("", seat.thumbprint, seat.system),
        "no session and no system": ("", seat.thumbprint, ""),
        "the session's tag": (seat.outside.session_tag, seat.thumbprint, seat.system),
        "the person": (seat.account.person_id, seat.thumbprint, seat.system),
        "a made-up handle": ("A" * 43, seat.thumbprint, seat.system),
        "another channel": (seat.outside.session, "a" * 64, seat.system),
        "another system": (seat.outside.session, seat.thumbprint, town.seat("constable").system),
        "a system of nobody": (seat.outside.session, seat.thumbprint, "6f3f3c3e-7a55-4ba2-9d5f-111111111111"),
    }
    method = "/contactpoint.identity.v1.AuthorisationService/Authorise"
    with town.inside.channel("identity", as_process="gateway.edge") as channel:
        persons = [one for one in whole_table() if one.exposure is Exposure.EDGE and one.permission]
        for name, (session, thumbprint, system) in tries.items():
            for said in persons:
                request = identity.AuthoriseRequest(
                    session=session, method=said.full_name, request_digest=bytes(32), channel=thumbprint, system=system
                )
                answer = raw_call(channel, method, request.SerializeToString())
                if answer.reason not in ACCESS_REASONS:
                    made.append(f"{name}, {said.full_name}: {answer.status} {answer.reason}")
    assert not made, "\n".join(made)
    record_property("figure", f"0 tokens of {len(tries) * len(persons)} asked for without a session")


def test_outside_a_header_names_nobody_either(town: Town, record_property: RecordProperty) -> None:
    """With an organisation's good certificate and every header that might name a person: no session, no answer."""
    seat = town.seat("nurse")
    empty = town.empty_seat(seat.account)
    opened, tried = [], 0
    for said in (one for one in whole_table() if one.assurance is Assurance.TWO_FACTOR):
        for name, metadata in claims_to_be(seat).items():
            if name == "a session":
                continue
            tried += 1
            answer = raw_call(empty.outside.channel, said.full_name, b"", metadata)
            if answer.reason not in REFUSALS:
                opened.append(f"{said.full_name}, {name}: {answer.status} {answer.reason}")
    assert not opened, "\n".join(opened)
    record_property("figure", f"0 of {tried} calls from outside without a session")


def _is_refused(said: MethodAccess, answer: Answer) -> bool:
    if said.assurance is Assurance.NONE:
        # Sign-in, enrolment and Authorise: they may be called, and an empty request gets nothing.
        return not answer.is_ok
    return answer.reason in REFUSALS


def _ports(town: Town) -> Iterator[tuple[str, grpc.Channel]]:
    for process in PROCESSES:
        with town.inside.channel(process, as_process="gateway.edge") as channel:
            yield process, channel
