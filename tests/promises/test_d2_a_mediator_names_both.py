"""D2 and S1: a mediator's look names both or opens nothing; own children hide whoever is limited."""

from __future__ import annotations

import pytest
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.directory.v1 import directory_service_pb2 as directory
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.settlement.outside import Refused, new_key
from tests.support.figures import RecordProperty
from tests.support.signing import claims_of, fresh, taken_key
from tests.support.taken_directory import OPEN_RECORD, taken
from tests.support.town import Found, Seat, Town

REASON = directory.Reason(code=directory.REASON_CODE_SAFEGUARDING_CONCERN)
NEEDED = "MEDIATION_NEEDED"


@pytest.fixture(scope="module")
def nurse(town: Town) -> Seat:
    return town.newcomers_seat()


@pytest.fixture(scope="module")
def child(town: Town, nurse: Seat) -> Found:
    return town.new_child(nurse)


def begin(mediator: Seat, username: str) -> identity.BeginMediationResponse:
    outside = mediator.outside
    request = identity.BeginMediationRequest(idempotency_key=new_key(), colleague_username=username, called_back=True)
    answer: identity.BeginMediationResponse = outside.call(outside.sessions.BeginMediation, request)
    return answer


def open_record(seat: Seat, handle: bytes) -> directory.OpenRecordResponse:
    request = directory.OpenRecordRequest(handle=handle, reason=REASON)
    answer: directory.OpenRecordResponse = seat.outside.call(seat.outside.directory.OpenRecord, request)
    return answer


def reason_of(seat: Seat, handle: bytes) -> str:
    with pytest.raises(Refused) as refused:
        open_record(seat, handle)
    return refused.value.reason


@pytest.mark.promise("D2")
def test_no_look_in_anothers_name_but_the_sessions(
    town: Town, nurse: Seat, child: Found, record_property: RecordProperty
) -> None:
    mediator, other = town.newcomers_seat(role=access.ROLE_MEDIATOR), town.newcomers_seat()
    key, wrong, tried = taken_key(town.suite), [], 0
    persons = {one.account.person_id: claims_of(town.token(one, OPEN_RECORD, b""))["std"] for one in (nurse, other)}
    with taken(town) as attacker:

        def see(attack: str, token: str, reason: str) -> None:
            nonlocal tried
            tried += 1
            keys, given = attacker.keys(token, number=child.number)
            if keys or given != reason:
                wrong.append(f"{attack}: {keys} keys, {given}")

        def forged(seat: Seat, colleague: Seat) -> str:
            true = claims_of(town.token(seat, OPEN_RECORD, b""))
            std = {tuple(one[:2]): one for one in (*persons[colleague.account.person_id], *true["std"])}
            return key.sign(fresh(true, ben=colleague.account.person_id, std=list(std.values())))

        see("nobody named", town.token(mediator, OPEN_RECORD, b""), NEEDED)
        see("one named by identity's key alone", forged(mediator, nurse), NEEDED)
        see("a practitioner in another's name", forged(other, nurse), "NOT_PERMITTED")
        begin(mediator, nurse.account.username)
        see("another than the session's", forged(mediator, other), NEEDED)
        true = claims_of(town.token(mediator, OPEN_RECORD, b""))
        assert true["ben"] == nurse.account.person_id
        rest = [one for one in true["std"] if one[1] != nurse.account.person_id]
        see("the colleague's standing left out", key.sign(fresh(true, std=rest)), "STANDING_CHANGED")
        stale = [*rest, ["person", nurse.account.person_id, "0" * 64]]
        see("the colleague's standing made up", key.sign(fresh(true, std=stale)), "STANDING_CHANGED")
        again = town.new_seat(mediator.account.username)
        see("another session of the mediator", forged(again, nurse), NEEDED)
        keys, given = attacker.keys(key.sign(fresh(true)), number=child.number)
        assert keys, given
    assert not wrong, wrong
    record_property("figure", f"mediation: {tried} attacks, 0 keys")


@pytest.mark.promise("D2")
def test_both_are_told_and_the_colleagues_suspension_ends_it(town: Town, child: Found) -> None:
    mediator, colleague = town.newcomers_seat(role=access.ROLE_MEDIATOR), town.newcomers_seat()
    answer = begin(mediator, colleague.account.username)
    assert (answer.colleague_name, answer.organisation_name) == ("Nia Newcomer", "Leeds Community Health")
    assert open_record(mediator, town.handle(mediator, child.query)).handle
    handle = town.handle(mediator, child.query)
    for seat, beneficiary, by in (
        (mediator, colleague.account.person_id, ""),
        (colleague, "", mediator.account.person_id),
    ):
        looks = seat.outside.call(seat.outside.review.ListOwnLooks, review.ListOwnLooksRequest()).looks
        opened = next(one for one in looks if one.act == OPEN_RECORD)
        assert (opened.beneficiary, opened.mediator) == (beneficiary, by)
        assert opened.number == f"{child.number:010d}"
    town.administer("SuspendPerson", person_id=colleague.account.person_id)
    assert reason_of(mediator, handle) == NEEDED
    with pytest.raises(Refused) as refused:
        begin(mediator, colleague.account.username)
    assert refused.value.reason == "COLLEAGUE_REFUSED"


@pytest.mark.promise("S1")
def test_own_children_are_those_of_a_world_without_the_limited_one(town: Town) -> None:
    nurse = town.newcomers_seat()
    outside = nurse.outside
    kept, hidden = town.new_child(nurse), town.new_child(nurse)
    organisation = town.cast.organisations["Leeds Community Health"]
    assert organisation
    provider = outside.call(
        outside.providers.ListProviders,
        directory.ListProvidersRequest(kind=directory.PROVIDER_KIND_UNIVERSAL_HEALTH),
    ).providers[0]

    def start(child: Found) -> str:
        request = directory.StartInvolvementRequest(
            idempotency_key=new_key(),
            handle=child.handle,
            kind=directory.INVOLVEMENT_KIND_UNIVERSAL,
            provider_id=provider.provider_id,
            practitioner="Nia Newcomer",
        )
        return str(outside.call(outside.directory.StartInvolvement, request).involvement_id)

    def listed() -> directory.ListOwnChildrenResponse:
        answer: directory.ListOwnChildrenResponse = outside.call(
            outside.directory.ListOwnChildren, directory.ListOwnChildrenRequest()
        )
        count = outside.call(outside.directory.CountOwnChildren, directory.CountOwnChildrenRequest())
        assert (count.total, count.due) == (answer.total, answer.due)
        return answer

    first = start(kept)
    alone = listed()
    start(hidden)
    both = listed()
    assert [len(page.rows) for page in (alone, both)] == [1, 2]
    assert alone.rows[0].involvement_id == first
    assert alone.rows[0].name.full.given_names == "Oriel"
    town.shield(hidden.query)
    after = listed()
    for page in (alone, after):
        page.ClearField("receipt")
        for row in page.rows:
            row.ClearField("handle")
    assert after == alone
    (seen,) = [one for one in open_record(nurse, town.handle(nurse, kept.query)).involvements if one.is_mine]
    assert seen.involvement_id == first
