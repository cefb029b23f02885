"""A stopped service: nobody reaches a child any more; the centre mends it; it goes on when two custodians say so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb

from services.identity.domain.acts import ActName, Note, PendingAct, Shape
from services.identity.domain.standing import Party
from services.identity.use_cases.stop_service import StopReason
from services.runtime.errors import DependencyUnavailable
from tests.architecture.source import ROOT
from tests.fakes.identity_town import ENVIRONMENT, Person, Town, key, refusal
from tests.fakes.stopped_town import STOPPED, is_stopped_now, resume, stop_of, stopped

DIRECTORY = "/contactpoint.directory.v1.DirectoryService"
SEARCH, OPEN = f"{DIRECTORY}/SearchChildren", f"{DIRECTORY}/OpenRecord"
IDENTITY = "/contactpoint.identity.v1"


def test_from_its_return_on_nobody_gets_in(town: Town, organisation: str, custodians: tuple[Person, Person]) -> None:
    nurse, officer = town.new_person(organisation), town.new_person(organisation, "ROLE_SHIELD_OFFICER")
    assert town.authorise(nurse.session, SEARCH)
    with stopped(town, custodians):
        for who in (nurse, officer):
            assert refusal(lambda who=who: town.authorise(who.session, SEARCH)).reason == STOPPED
            # The refusal ended the session, and both right factors open none.
            assert refusal(lambda who=who: town.authorise(who.session, OPEN)).reason == "SESSION_ENDED"
            assert refusal(lambda who=who: town.sign_in(who)).reason == STOPPED
    town.sign_in(nurse)
    assert town.authorise(nurse.session, SEARCH)


def test_a_token_of_before_says_a_standing_that_is_no_longer_the_newest(
    town: Town, custodians: tuple[Person, Person]
) -> None:
    def newest() -> bytes:
        return next(digest for party, digest in town.ledger.standings.items() if party.kind == "service")

    before = newest()
    with stopped(town, custodians):
        assert newest() != before


def test_the_centre_mends_and_reaches_no_child(town: Town, custodians: tuple[Person, Person]) -> None:
    centre = town.add_organisation()
    administrator = town.new_person(centre, "ROLE_NATIONAL_ADMINISTRATOR", "ROLE_PRACTITIONER")
    auditor = town.new_person(centre, "ROLE_CENTRAL_AUDITOR", "ROLE_PRACTITIONER")
    nurse = town.new_person(centre)
    with stopped(town, custodians):
        town.administer("SuspendPerson", pb.SuspendPersonRequest(idempotency_key=key(), person_id=nurse.id))
        assert town.authorise(auditor.session, "/contactpoint.audit.review.v1.ReviewService/ListEntries")
        for who in (administrator, auditor, custodians[0]):
            town.sign_in(who)
            for method in (SEARCH, OPEN, f"{DIRECTORY}/AmendProvider", "/contactpoint.no.v1.Such/Method"):
                assert refusal(lambda who=who, method=method: town.authorise(who.session, method)).reason == STOPPED
            # It is no lapse of theirs: the session lives.
            assert town.authorise(who.session, f"{IDENTITY}.SessionService/ListSessions")


def test_a_second_stop_takes_the_first_word_back(town: Town, custodians: tuple[Person, Person]) -> None:
    one, other = custodians
    with stopped(town, custodians):
        for who in custodians:
            town.sign_in(who)
        assert resume(town, one).is_stopped
        stop_of(town)(StopReason.SUSPECTED_BREACH)
        assert resume(town, other).is_stopped


def test_the_word_of_a_custodian_who_is_none_any_more_does_not_count(
    town: Town, custodians: tuple[Person, Person]
) -> None:
    """It was a thief's, perhaps: suspended while it waited, it is no half of the two."""
    one, other = custodians
    third = town.new_person(town.add_organisation(), "ROLE_CUSTODIAN")
    with stopped(town, custodians):
        for who in (third, other):
            town.sign_in(who)
        assert resume(town, third).is_stopped
        town.administer("SuspendPerson", pb.SuspendPersonRequest(idempotency_key=key(), person_id=third.id))
        # This one has asked now, and another one confirms.
        assert resume(town, other).is_stopped
        town.sign_in(one)
        assert not resume(town, one).is_stopped


def test_a_stop_whose_answer_was_lost_is_driven_on(town: Town, custodians: tuple[Person, Person]) -> None:
    with stopped(town, custodians):
        pass
    town.ledger.loses_answers = 1
    with pytest.raises(DependencyUnavailable):
        stop_of(town)(StopReason.DRILL)
    assert not is_stopped_now(town)
    town.clock.move(10)
    town.identity.upkeep.drive_on()
    assert is_stopped_now(town)
    with stopped(town, custodians):
        pass


def test_it_waits_for_an_act_that_has_the_service(town: Town, custodians: tuple[Person, Person]) -> None:
    acts = town.identity.upkeep.acts
    other = PendingAct(
        name=ActName("", "another", key()),
        request_digest=b"",
        subject=Party("service", ENVIRONMENT),
        shape=Shape.TOKEN,
        effect=Note(),
        started_at=town.clock.now(),
    )
    acts.prepare(other)
    Timer(0.1, acts.give_up, [other]).start()
    with stopped(town, custodians):
        assert is_stopped_now(town)


@pytest.mark.promise("I8")
def test_a_row_that_somebody_wrote_by_hand_does_not_keep_the_service_from_being_stopped(
    town: Town, custodians: tuple[Person, Person]
) -> None:
    town.sql(
        "INSERT INTO pending_act"
        " (subject_kind, subject_id, actor, method, idempotency_key, username, sealed, started_at)"
        " VALUES ('service', :id, '', 'another', CAST(:key AS uuid), NULL, 'made up', now())",
        id=ENVIRONMENT,
        key=key(),
    )
    with stopped(town, custodians):
        assert is_stopped_now(town)


def test_the_operators_command_stops_and_says_where_it_stands(
    town: Town, settings: Path, custodians: tuple[Person, Person]
) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.identity", "stop-service", "--config", str(settings), *arguments]
        environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    assert run().returncode == 2
    assert run("--reason", "A-CHILD-CALLED-ADA").returncode == 2
    town.ledger.is_down = True
    assert run("--reason", "DRILL").returncode == 4
    assert not is_stopped_now(town)
    town.ledger.is_down = False
    town.clock.move(10)
    town.identity.upkeep.drive_on()
    ended = run("--reason", "DRILL")
    try:
        assert ended.returncode == 0, ended.stderr
        assert json.loads(ended.stdout) == {"entry": town.ledger.entered - 1, "stopped": True}
        assert is_stopped_now(town)
    finally:
        with stopped(town, custodians):
            pass
