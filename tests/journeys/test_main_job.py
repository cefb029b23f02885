"""The main job, for real: a nurse finds a child by a misspelt name and sees whom to phone; each look is in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.population.story_searches import Search, searches
from deploy.local.settlement.outside import Refused, new_key
from deploy.local.settlement.scenarios import search_request
from tests.support.town import Seat, Town

pytestmark = pytest.mark.timeout(300)

WORRY = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)
RECORD_KEEPING = pb.Reason(code=pb.REASON_CODE_RECORD_KEEPING)


@pytest.fixture(scope="module")
def nurse(town: Town) -> Seat:
    """Return a nurse who has signed in with password and code."""
    return town.seat("nurse")


def shown(seat: Seat, search: Search) -> pb.SearchChildrenResponse:
    return seat.outside.call(seat.outside.directory.SearchChildren, search_request(search.query))


def test_every_search_of_the_story_shows_what_it_must(town: Town, nurse: Seat) -> None:
    for scenario, tries in searches(town.living.story).items():
        # The limited child of the story is not limited until somebody shields it.
        for search in tries if scenario not in {"limited", "none"} else ():
            if search.is_too_little:
                with pytest.raises(Refused, match="SEARCH_NEEDS_MORE"):
                    shown(nurse, search)
                continue
            answer = shown(nurse, search)
            told = sorted(child.name.surname for child in search.finds)
            names = sorted(row.name.full.surname or row.name.single or row.name.not_yet_named for row in answer.rows)
            assert (names, answer.add_details) == (told, search.is_too_many), (scenario, search.words)


def test_from_a_misspelt_name_to_the_numbers_that_answer(town: Town, nurse: Seat) -> None:
    child, call, directory = town.living.story.worried_about, nurse.outside.call, nurse.outside.directory
    misspelt = searches(town.living.story)["nurse"][0]
    row = shown(nurse, misspelt).rows[0]
    with pytest.raises(Refused, match="INVALID_REQUEST"):
        call(directory.OpenRecord, pb.OpenRecordRequest(handle=row.handle))
    record = call(directory.OpenRecord, pb.OpenRecordRequest(handle=row.handle, reason=WORRY))
    assert child.education.school is not None
    assert child.gp is not None
    assert record.education.setting.telephone == child.education.school.telephone
    assert record.gp_practice.practice.telephone == child.gp.practice.telephone
    assert {one.practitioner.telephone for one in child.involvements} <= {one.telephone for one in record.involvements}
    assert [one.is_lead_professional for one in record.involvements].index(True) == 0
    home = call(directory.OpenHome, pb.OpenHomeRequest(handle=record.handle, reason=WORRY))
    assert home.address.postcode == child.address.postcode
    assert len(home.carers) == len(child.carers)
    # The number opens nothing by itself.
    claim = pb.NumberClaim(number=record.number, surname=child.name.surname, date_of_birth=record.date_of_birth)
    assert call(directory.OpenRecord, pb.OpenRecordRequest(number=claim, reason=WORRY)).number == record.number
    claim.surname = "Somebodyelse"
    with pytest.raises(Refused, match="NOT_FOUND"):
        call(directory.OpenRecord, pb.OpenRecordRequest(number=claim, reason=WORRY))


def test_she_records_that_she_works_with_the_child(town: Town, nurse: Seat) -> None:
    child, call, directory = town.new_child(nurse), nurse.outside.call, nurse.outside.directory
    provider = call(nurse.outside.providers.ListProviders, pb.ListProvidersRequest()).providers[0]
    started = call(
        directory.StartInvolvement,
        pb.StartInvolvementRequest(
            idempotency_key=new_key(),
            handle=child.handle,
            kind=pb.INVOLVEMENT_KIND_UNIVERSAL,
            provider_id=provider.provider_id,
            practitioner="Grace Okonjo",
            telephone="0113 496 0777",
        ),
    )

    def own() -> list[pb.Involvement]:
        record = call(directory.OpenRecord, pb.OpenRecordRequest(handle=child.handle, reason=WORRY))
        return [one for one in record.involvements if one.is_own]

    assert [one.telephone for one in own()] == ["0113 496 0777"]
    involvement = started.involvement_id
    call(
        directory.ConfirmInvolvement,
        pb.ConfirmInvolvementRequest(idempotency_key=new_key(), handle=child.handle, involvement_id=involvement),
    )
    call(
        directory.EndInvolvement,
        pb.EndInvolvementRequest(idempotency_key=new_key(), handle=child.handle, involvement_id=involvement),
    )
    assert own() == []


def test_a_shielded_child_is_found_by_its_whole_name_alone(town: Town, nurse: Seat) -> None:
    child = town.new_child(nurse)
    before = nurse.outside.call(
        nurse.outside.directory.OpenRecord, pb.OpenRecordRequest(handle=child.handle, reason=WORRY)
    )
    assert before.HasField("education")
    town.shield(child.query)
    for hidden in (
        replace(child.query, postcode="LS7 3WE"),
        replace(child.query, postcode="LS6 9ZZ"),
        replace(child.query, date_of_birth=None, year_of_birth=2015),
        replace(child.query, given_names=""),
    ):
        assert not nurse.outside.call(nurse.outside.directory.SearchChildren, search_request(hidden)).rows
    row = nurse.outside.call(nurse.outside.directory.SearchChildren, search_request(child.query)).rows[0]
    assert row.is_limited
    limited = pb.OpenRecordRequest(handle=row.handle, reason=WORRY)
    record = nurse.outside.call(nurse.outside.directory.OpenRecord, limited)
    assert record.is_limited
    assert not record.HasField("education")
    assert not record.involvements
    home = nurse.outside.call(nurse.outside.directory.OpenHome, pb.OpenHomeRequest(handle=row.handle, reason=WORRY))
    assert home.is_limited
    assert not home.HasField("address")


def test_who_looked_is_known(town: Town, nurse: Seat) -> None:
    """The auditor names the child completely, and sees the nurse's looks with what proves them; she sees her own."""
    child, auditor = town.new_child(nurse), town.seat("central.auditor").outside
    nurse.outside.call(nurse.outside.directory.OpenHome, pb.OpenHomeRequest(handle=child.handle, reason=WORRY))
    born = search_request(child.query).date_of_birth
    name = pb.ChildName(full=pb.FullName(surname=child.query.surname, given_names=child.query.given_names))
    identified = auditor.call(
        auditor.directory.IdentifyChild,
        pb.IdentifyChildRequest(number=f"{child.number:010}", name=name, date_of_birth=born, reason=RECORD_KEEPING),
    )
    looked = auditor.call(auditor.review.WhoLookedAt, review.WhoLookedAtRequest(handle=identified.handle))
    acts = [(look.act.rsplit("/", 1)[-1], look.person) for look in looked.looks]
    assert ("OpenHome", nurse.account.person_id) in acts
    assert ("OpenRecord", nurse.account.person_id) in acts
    assert all(look.proof.body and look.proof.salt for look in looked.looks)
    own = nurse.outside.call(nurse.outside.review.ListOwnLooks, review.ListOwnLooksRequest())
    newest = own.looks[0].at.ToDatetime(UTC)
    assert datetime.now(UTC) - newest < timedelta(minutes=5)


def test_a_suspended_nurse_is_stopped_in_mid_session(town: Town) -> None:
    seat = town.newcomers_seat()
    child = town.new_child(seat)
    town.administer("SuspendPerson", person_id=seat.account.person_id)
    request = pb.OpenRecordRequest(handle=child.handle, reason=WORRY)
    with pytest.raises(Refused):
        seat.outside.call(seat.outside.directory.OpenRecord, request)
    with pytest.raises(Refused):
        seat.outside.call(seat.outside.sessions.ListSessions, identity.ListSessionsRequest())


def test_no_entry_no_record(town: Town, nurse: Seat) -> None:
    """With the ledger down nothing opens; with the ledger back it does, and nobody signs in again."""
    child, ledger = town.new_child(nurse), town.suite.process("audit.ledger")
    request = pb.OpenRecordRequest(handle=child.handle, reason=WORRY)
    ledger.stop()
    try:
        with pytest.raises(Refused) as refused:
            nurse.outside.call(nurse.outside.directory.OpenRecord, request)
        assert refused.value.status in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
    finally:
        ledger.start()
    end = datetime.now(UTC) + timedelta(seconds=20)
    while True:
        try:
            assert nurse.outside.call(nurse.outside.directory.OpenRecord, request).number
        except Refused:
            assert datetime.now(UTC) < end
        else:
            return
