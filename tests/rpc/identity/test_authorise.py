"""Authorise: every condition now, one role, one call, ten seconds (I3, I4, I7)."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2

from services.runtime.errors import NotPermitted
from services.runtime.tokens import verify
from tests.fakes.identity_town import WEB, Person, Town, key, refusal

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"
LIST = "/contactpoint.identity.v1.SessionService/ListSessions"
SUPPLY = "/contactpoint.directory.v1.SupplyService/SupplyRows"


@pytest.fixture(scope="module")
def nurse(_the_town: Town, organisation: str) -> Person:
    return _the_town.new_person(organisation)


@pytest.fixture
def signed_in(town: Town, nurse: Person) -> Person:
    town.sign_in(nurse)
    return nurse


def test_the_token_says_who_may_make_this_one_call(town: Town, signed_in: Person, organisation: str) -> None:
    token = town.authorise(signed_in.session, SEARCH, b"request")
    act = verify(
        token,
        town.identity.upkeep.token_keys,
        environment="synthetic",
        audience="directory",
        clock=town.clock,
        method=SEARCH,
    )
    assert (act.sub, act.org, act.rol, act.aut) == (signed_in.id, organisation, "ROLE_PRACTITIONER", "E08000035")
    assert (act.acr, act.amr, act.exp - act.iat) == ("two_factor", ("pwd", "otp"), 10)
    assert [standing.kind for standing in act.std] == ["person", "organisation", "service"]
    for standing in act.std:
        (held,) = [d for party, d in town.ledger.standings.items() if (party.kind, party.id) == standing[:2]]
        assert held.hex() == standing.digest
    assert jwt.get_unverified_header(token)["typ"] == "contactpoint-act+jwt"


def test_no_session_another_channel_and_an_invented_handle_look_alike(town: Town, signed_in: Person) -> None:
    said = {
        refusal(lambda: town.authorise("", SEARCH)).reason,
        refusal(lambda: town.authorise("", "/contactpoint.nowhere.v1.NoService/No")).reason,
        refusal(lambda: town.authorise("x" * 43, SEARCH)).reason,
        refusal(lambda: town.authorise(signed_in.session, SEARCH, channel="b" * 64)).reason,
    }
    assert said == {"SESSION_ENDED"}


@pytest.mark.parametrize(
    "method",
    [
        "/contactpoint.nowhere.v1.NoService/No",
        "/contactpoint.audit.ledger.v1.LedgerService/EnterLook",
        "/contactpoint.identity.v1.AuthorisationService/Authorise",
        "/contactpoint.identity.v1.SignInService/SignIn",
        "/contactpoint.identity.v1.AdministrationService/GrantRole",
        SUPPLY,
    ],
)
def test_unknown_internal_and_forbidden_methods_look_alike(town: Town, signed_in: Person, method: str) -> None:
    said = refusal(lambda: town.authorise(signed_in.session, method))
    assert isinstance(said, NotPermitted)
    assert town.ledger.refusals[-1].person == signed_in.id


@pytest.mark.promise("I7")
def test_a_session_ends_after_fifteen_idle_minutes_and_a_refused_call_does_not_extend_it(
    town: Town, signed_in: Person
) -> None:
    for _ in range(3):
        town.clock.move(14 * 60 + 40)
        town.authorise(signed_in.session, LIST)
    town.clock.move(10 * 60)
    refusal(lambda: town.authorise(signed_in.session, SUPPLY))
    town.clock.move(5 * 60)
    assert refusal(lambda: town.authorise(signed_in.session, LIST)).reason == "SESSION_ENDED"


@pytest.mark.promise("I7")
def test_a_session_lasts_twelve_hours_at_most(town: Town, signed_in: Person) -> None:
    for _ in range(12 * 6 - 1):
        town.clock.move(600)
        town.authorise(signed_in.session, LIST)
    town.clock.move(600)
    assert refusal(lambda: town.authorise(signed_in.session, LIST)).reason == "SESSION_ENDED"
    town.sign_in(signed_in)


LAPSES: dict[str, Callable[[Town, Person, str], object]] = {
    "ORGANISATION": lambda town, who, org: town.accredit(org, "SUSPENDED"),
    "SUSPENSION": lambda town, who, _: town.administer(
        "SuspendPerson", pb.SuspendPersonRequest(idempotency_key=key(), person_id=who.id)
    ),
    "SPONSORSHIP": lambda town, who, _: town.record(who, sponsored_until=town.stamp(days=-1)),
    "CHECK": lambda town, who, _: town.record(who, checked_at=town.stamp(days=-3 * 366)),
    "BARRED_LIST": lambda town, who, _: town.record(who, is_barred_list_clear=False),
    "TRAINING": lambda town, who, _: town.record(who, training_valid_until=town.stamp(days=-1)),
    "ROLE": lambda town, who, _: town.administer(
        "RevokeRole", pb.RevokeRoleRequest(idempotency_key=key(), person_id=who.id, role=access_pb2.ROLE_PRACTITIONER)
    ),
}


@pytest.mark.promise("I3")
@pytest.mark.parametrize("lapse", LAPSES)
def test_whatever_lapses_by_an_act_refuses_the_very_next_call(town: Town, lapse: str) -> None:
    town.admin()
    organisation = town.add_organisation()
    who = town.new_person(organisation)
    town.authorise(who.session, SEARCH)
    LAPSES[lapse](town, who, organisation)
    said = refusal(lambda: town.authorise(who.session, SEARCH))
    # Where the act ended the sessions itself there is nobody left to be told.
    assert said.reason == (f"CONDITION_LAPSED_{lapse}" if lapse == "ORGANISATION" else "SESSION_ENDED")
    assert refusal(lambda: town.authorise(who.session, SEARCH)).reason == "SESSION_ENDED"


@pytest.mark.promise("I3")
def test_whatever_lapses_by_time_refuses_the_very_next_call(town: Town) -> None:
    who = town.new_person(town.add_organisation())
    town.sql("SELECT 1")
    town.record(who, training_valid_until=town.stamp(days=1 / 24 / 60))
    town.authorise(who.session, SEARCH)
    town.clock.move(61)
    said = refusal(lambda: town.authorise(who.session, SEARCH))
    assert said.reason == "CONDITION_LAPSED_TRAINING"
    assert town.ledger.refusals[-1].rule == "CONDITION_LAPSED_TRAINING"


def test_an_expired_role_is_no_role(town: Town, organisation: str) -> None:
    who = town.new_person(organisation, "ROLE_AUDITOR")
    town.grant(who, "ROLE_PRACTITIONER", days=1 / 24 / 60)
    town.authorise(who.session, SEARCH)
    town.clock.move(61)
    assert isinstance(refusal(lambda: town.authorise(who.session, SEARCH)), NotPermitted)


def test_while_shielding_only_people_shield_and_nothing_else(town: Town) -> None:
    organisation = town.add_organisation(state="SHIELDING_ONLY")
    officer = town.new_person(organisation, "ROLE_SHIELD_OFFICER")
    approve = "/contactpoint.shielding.v1.ShieldingService/ApproveShield"
    town.authorise(officer.session, approve)
    town.authorise(officer.session, LIST)
    # Whom nobody finds nobody can shield; opening is for later.
    town.authorise(officer.session, SEARCH)
    opening = "/contactpoint.directory.v1.DirectoryService/OpenRecord"
    assert isinstance(refusal(lambda: town.authorise(officer.session, opening)), NotPermitted)
    practitioner = town.new_person(organisation, "ROLE_PRACTITIONER")
    assert isinstance(refusal(lambda: town.authorise(practitioner.session, SEARCH)), NotPermitted)


def test_a_refusal_that_cannot_be_entered_is_no_answer(town: Town, signed_in: Person) -> None:
    town.ledger.is_down = True
    assert refusal(lambda: town.authorise(signed_in.session, SUPPLY)).reason == "DEPENDENCY_UNAVAILABLE"
    # What is allowed does not need the ledger here: it is the call itself that will.
    assert town.authorise(signed_in.session, SEARCH)


def _system(town: Town, organisation: str, purpose: standing_pb2.SystemPurpose.ValueType) -> str:
    system = str(uuid.uuid4())
    request = pb.RegisterSystemRequest(
        idempotency_key=key(), system_id=system, organisation_id=organisation, purpose=purpose, name="A system"
    )
    town.administer("RegisterSystem", request)
    return system


RENEWED, WEB_NAME, OTHER_NAME = "b" * 64, "1" * 64, "2" * 64


def test_a_renewed_certificate_signs_nobody_out(town: Town, signed_in: Person) -> None:
    def ended(channel_name: str = "") -> str:
        return refusal(
            lambda: town.authorise(signed_in.session, LIST, channel=RENEWED, channel_name=channel_name)
        ).reason

    # Nobody's word but the channel's own certificate names the channel.
    assert ended(WEB_NAME) == "SESSION_ENDED"
    assert town.authorise(signed_in.session, LIST)
    assert ended(WEB_NAME) == "SESSION_ENDED"
    assert town.authorise(signed_in.session, LIST, channel_name=WEB_NAME)
    assert town.authorise(signed_in.session, LIST, channel=RENEWED, channel_name=WEB_NAME)
    # An edge of the release before knows the first certificate alone; and the first word holds.
    assert town.authorise(signed_in.session, LIST)
    assert town.authorise(signed_in.session, LIST, channel_name=OTHER_NAME)
    assert ended() == ended(OTHER_NAME) == "SESSION_ENDED"


def test_a_channels_name_written_by_hand_is_not_believed(town: Town, signed_in: Person) -> None:
    assert town.authorise(signed_in.session, LIST, channel_name=WEB_NAME)
    town.sql("UPDATE session_channel SET name = :name", name=OTHER_NAME)
    for name in (WEB_NAME, OTHER_NAME):
        assert (
            refusal(lambda n=name: town.authorise(signed_in.session, LIST, channel=RENEWED, channel_name=n)).reason
            == "SESSION_ENDED"
        )


def test_a_channel_brings_the_people_of_its_own_organisation(town: Town, signed_in: Person, organisation: str) -> None:
    own = _system(town, organisation, standing_pb2.SYSTEM_PURPOSE_CHANNEL)
    others = _system(town, town.add_organisation(), standing_pb2.SYSTEM_PURPOSE_CHANNEL)
    suppliers = _system(town, organisation, standing_pb2.SYSTEM_PURPOSE_SUPPLIER)
    assert town.authorise(signed_in.session, SEARCH, system=own)
    for system in (others, suppliers, str(uuid.uuid4())):
        assert isinstance(refusal(lambda s=system: town.authorise(signed_in.session, SEARCH, system=s)), NotPermitted)


def test_a_supplier_sends_under_its_own_name_while_its_organisation_is_live(town: Town) -> None:
    organisation = town.add_organisation()
    supplier = _system(town, organisation, standing_pb2.SYSTEM_PURPOSE_SUPPLIER)
    channel = _system(town, organisation, standing_pb2.SYSTEM_PURPOSE_CHANNEL)
    claims = jwt.decode(town.authorise("", SUPPLY, system=supplier), options={"verify_signature": False})
    assert (claims["acr"], claims["sys"], claims["org"]) == ("system", supplier, organisation)
    assert {kind for kind, _, _ in claims["std"]} == {"system", "organisation", "service"}
    assert "sub" not in claims
    assert refusal(lambda: town.authorise("", SUPPLY, system=channel)).reason == "SESSION_ENDED"
    assert refusal(lambda: town.authorise("", SEARCH, system=supplier)).reason == "SESSION_ENDED"
    town.accredit(organisation, "SUSPENDED")
    assert refusal(lambda: town.authorise("", SUPPLY, system=supplier)).reason == "SESSION_ENDED"


@pytest.mark.promise("I8")
@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE session SET person_id = (SELECT id FROM person WHERE username = 'national') WHERE tag = :tag",
        "UPDATE session SET channel = repeat('d', 64) WHERE tag = :tag",
        "UPDATE session SET organisation_id = gen_random_uuid() WHERE tag = :tag",
        "UPDATE session SET handle_digest = sha256('mine') WHERE tag = :tag",
        "UPDATE session SET started_at = started_at + interval '1 hour' WHERE tag = :tag",
        "UPDATE session SET seal = sha256('mine') WHERE tag = :tag",
        "UPDATE session SET tag = gen_random_uuid() WHERE tag = :tag",
    ],
)
def test_a_session_edited_by_hand_is_none(town: Town, nurse: Person, edit: str) -> None:
    tag = town.sign_in(nurse).session_tag
    town.sql("DELETE FROM session_factor WHERE session_tag = :tag", tag=tag)
    town.sql(edit, tag=tag)
    for channel in (WEB, "d" * 64):
        assert refusal(lambda c=channel: town.authorise(nurse.session, LIST, channel=c)).reason == "SESSION_ENDED"


def test_a_clock_that_goes_back_ends_no_session_later(town: Town, nurse: Person) -> None:
    town.sign_in(nurse)
    town.clock.move(-timedelta(days=1).total_seconds())
    said = refusal(lambda: town.authorise(nurse.session, LIST))
    town.clock.move(timedelta(days=1).total_seconds())
    assert said.reason in {"SESSION_ENDED", "DEPENDENCY_UNAVAILABLE"}
