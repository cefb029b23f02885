"""A mediator looks for the one colleague whom the session names, whatever a token says; and nobody else for another."""

from __future__ import annotations

import pytest

from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import MediationChanged, Outcome, SubjectKind
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.errors import MediationNeeded
from services.audit.ledger.use_cases.read_own_entries import ReadOwnEntries
from services.runtime.errors import CeilingReached, NotPermitted, ServiceError, StandingChanged
from tests.fakes.audit_ledger import Kept, Ledger, Person, candidate, in_memory, with_ceilings
from tests.unit.audit_ledger.conftest import last_entry


@pytest.fixture
def mediator(ledger: Ledger) -> Person:
    return ledger.somebody("ROLE_MEDIATOR")


def search_for(ledger: Ledger, mediator: Person, colleague: Person, number: int, **changed: object) -> bytes:
    call = ledger.looking_for(mediator, colleague, "SearchChildren", "EnterSearch", **changed)
    return ledger.search(mediator, [candidate(number)], call=call).slots[0].handle


def test_both_are_named_in_each_entry(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    number = ledger.create(nurse).number
    ledger.mediate(mediator, nurse)
    begun = last_entry(ledger)
    assert isinstance(begun.draft.effect, MediationChanged)
    assert begun.draft.effect.beneficiary == nurse.person
    handle = search_for(ledger, mediator, nurse, number)
    call = ledger.looking_for(mediator, nurse, "OpenRecord", "EnterLook")
    assert ledger.look(mediator, handle, call=call).keys
    entry = last_entry(ledger)
    assert (entry.draft.person, entry.draft.beneficiary) == (mediator.person, nurse.person)
    assert [one.kind for one in entry.subjects].count(SubjectKind.PERSON) == 2


def test_without_a_named_colleague_nothing_is_found_or_opened(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    made = ledger.create(nurse)
    with pytest.raises(MediationNeeded):
        ledger.search(mediator, [candidate(made.number)])
    with pytest.raises(MediationNeeded):
        ledger.look(mediator, number=made.number)
    # A token that names one, which the session does not.
    with pytest.raises(MediationNeeded):
        search_for(ledger, mediator, nurse, made.number)
    assert (last_entry(ledger).draft.outcome, last_entry(ledger).draft.rule) == (Outcome.REFUSED, "MEDIATION_NEEDED")


def test_another_colleague_than_the_sessions_is_refused(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    number, other = ledger.create(nurse).number, ledger.somebody()
    ledger.mediate(mediator, nurse)
    with pytest.raises(MediationNeeded):
        search_for(ledger, mediator, other, number)
    # And no other session of the same mediator has one.
    again = ledger.sign_in(mediator.person, mediator.organisation, role=mediator.role)
    with pytest.raises(MediationNeeded):
        search_for(ledger, again, nurse, number)


def test_it_ends_by_time_by_itself_and_by_an_act(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    number = ledger.create(nurse).number
    ledger.mediate(mediator, nurse)
    ledger.clock.move(899)
    search_for(ledger, mediator, nurse, number)
    ledger.clock.move(2)
    with pytest.raises(MediationNeeded):
        search_for(ledger, mediator, nurse, number)
    ledger.mediate(mediator, nurse)
    search_for(ledger, mediator, nurse, number)
    ledger.mediate(mediator, None)
    with pytest.raises(MediationNeeded):
        search_for(ledger, mediator, nurse, number)


def test_a_clock_that_went_back_lengthens_nothing(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    number = ledger.create(nurse).number
    ledger.clock.move(7200)
    ledger.mediate(mediator, nurse)
    search_for(ledger, mediator, nurse, number)
    # The session is older than this, so it still lives; the quarter of an hour has not begun yet, by this clock.
    ledger.clock.move(-3600)
    with pytest.raises(MediationNeeded):
        search_for(ledger, mediator, nurse, number)


def test_what_suspends_the_colleague_ends_it_at_once(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    number = ledger.create(nurse).number
    ledger.mediate(mediator, nurse)
    call = ledger.looking_for(mediator, nurse, "SearchChildren", "EnterSearch")
    before = ledger.standings[("person", nurse.person)]
    change = ChangeStanding(
        party_kind="person",
        party_id=nurse.person,
        previous_digest=before,
        digest=ledger.digest("person", nurse.person, revision=2),
        change="SUSPENDED",
        ends_sessions=True,
    )
    ledger.enter(ledger.founder(), change, method="identity:AdministrationService/SuspendPerson")
    with pytest.raises(StandingChanged):
        ledger.search(mediator, [candidate(number)], call=call)


def test_the_colleagues_standings_must_be_in_the_token(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    number = ledger.create(nurse).number
    ledger.mediate(mediator, nurse)
    own = ledger.token(mediator, "directory:DirectoryService/SearchChildren").std
    with pytest.raises(StandingChanged):
        search_for(ledger, mediator, nurse, number, std=own)


def test_whoever_reached_a_ceiling_does_not_go_on_through_a_mediator() -> None:
    plain = in_memory()
    plain.stop()
    ledger = in_memory(limits=with_ceilings(plain.limits, person_opened=2))
    ledger.found()
    nurse, other, mediator = ledger.somebody(), ledger.somebody(), ledger.somebody("ROLE_MEDIATOR")
    number = ledger.create(ledger.somebody()).number
    ledger.mediate(mediator, nurse)
    handle = search_for(ledger, mediator, nurse, number)
    for _ in range(2):
        ledger.look(nurse, number=number)
    with pytest.raises(CeilingReached):
        search_for(ledger, mediator, nurse, number)
    with pytest.raises(CeilingReached):
        ledger.look(mediator, handle, call=ledger.looking_for(mediator, nurse, "OpenRecord", "EnterLook"))
    # What the mediator does counts for the mediator alone: another colleague has all of the own day left.
    ledger.mediate(mediator, other)
    search_for(ledger, mediator, other, number)
    for _ in range(2):
        ledger.look(other, number=number)
    ledger.stop()


@pytest.mark.parametrize("role", ["ROLE_PRACTITIONER", "ROLE_SHIELD_OFFICER", "ROLE_DATA_MANAGER"])
def test_nobody_but_a_mediator_looks_for_another(ledger: Ledger, nurse: Person, role: str) -> None:
    number, who = ledger.create(nurse).number, ledger.somebody(role)
    with pytest.raises(NotPermitted):
        search_for(ledger, who, nurse, number)
    assert last_entry(ledger).draft.rule == "BENEFICIARY_NOT_ALLOWED"


def test_whoever_may_not_mediate_names_nobody(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    other = ledger.somebody()
    for who, colleague, seconds, changed, refusal in (
        (nurse, other, 900, {}, NotPermitted),
        (mediator, mediator, 900, {}, NotPermitted),
        (mediator, nurse, 960, {}, NotPermitted),
        (mediator, nurse, -1, {}, NotPermitted),
        (mediator, nurse, 900, {"beneficiary_digest": bytes(32)}, StandingChanged),
        (mediator, nurse, 900, {"organisation_digest": bytes(32)}, StandingChanged),
    ):
        expected: type[ServiceError] = refusal
        with pytest.raises(expected):
            ledger.mediate(who, colleague, seconds=seconds, **changed)
        assert last_entry(ledger).draft.outcome is Outcome.REFUSED


def test_the_colleague_finds_it_among_the_own_looks(ledger: Ledger, nurse: Person, mediator: Person) -> None:
    number = ledger.create(nurse).number
    ledger.mediate(mediator, nurse)
    handle = search_for(ledger, mediator, nurse, number)
    ledger.look(mediator, handle, call=ledger.looking_for(mediator, nurse, "OpenRecord", "EnterLook"))
    looked = last_entry(ledger).index
    call = ledger.call(nurse, "audit.review:ReviewService/ListOwnLooks", "ReadOwnEntries")
    read = ReadOwnEntries(writer=ledger.writer, rule=ledger.rule, log=ledger.log)(call, 20, b"")
    assert [one.number for one in read.entries[:2]] == [number, 0]
    assert entry_format.decode(read.entries[0].body).index == looked


def test_the_next_leader_knows_for_whom_a_session_looks() -> None:
    kept = Kept()
    ledger = in_memory(kept)
    ledger.found()
    nurse, mediator = ledger.somebody(), ledger.somebody("ROLE_MEDIATOR")
    number = ledger.create(nurse).number
    ledger.mediate(mediator, nurse)
    ledger.stop()
    after = in_memory(kept, clock=ledger.clock)
    after.standings = ledger.standings
    search_for(after, mediator, nurse, number)
    with pytest.raises(MediationNeeded):
        after.search(mediator, [candidate(number)])
    after.stop()
