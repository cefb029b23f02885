"""`check-store` in a restored identity: who changed since is out, and comes back closed once two accepted it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2

from services.identity import check_store, standing_format
from services.identity.domain.acts import ActName, Note, PendingAct, Shape
from services.identity.domain.standing import Accreditation, Party
from services.runtime import process
from tests.fakes.identity_town import Person, Town, key, refusal

pytestmark = [pytest.mark.promise("I8"), pytest.mark.promise("S5")]
SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"
TABLES = (
    *("standing", "organisation", "system", "person", "credential", "guesses", "session", "session_factor"),
    *("pending_act", "act", "enrolment", "outbox", "newest_receipt"),
)
_LOSS = re.compile(r"^loss: ([0-9a-f]{64}) ([0-9]+)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests' own process is left as it is.
    monkeypatch.setattr(process, "harden", lambda: None)


@contextmanager
def lost_again(town: Town) -> Iterator[None]:
    """Take the database back, at the block's end, to what it was at its beginning."""
    town.identity.upkeep.receipts.keep(town.identity.upkeep.newest.newest or pytest.fail("no receipt"))
    for table in TABLES:
        town.sql(f"CREATE TABLE copy_of_{table} AS TABLE {table}")
    yield
    town.sql(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    for table in TABLES:
        identity = "OVERRIDING SYSTEM VALUE" if table == "outbox" else ""
        town.sql(f"INSERT INTO {table} {identity} SELECT * FROM copy_of_{table}")
        town.sql(f"DROP TABLE copy_of_{table}")


def check(town: Town, *arguments: str) -> tuple[int, str]:
    """Return exit code and words of the command, run with the process's own settings."""
    told: list[str] = []
    settings = town.mail.parent / "identity.toml"
    config = town.config
    lines = {
        **{name: str(getattr(config, name)) for name in ("environment", "certificate", "private_key", "ca")},
        **{name: str(getattr(config, name)) for name in ("database_url", "root_secret", "mail_dir", "telemetry_dir")},
    }
    text = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
    peers = "".join(f'"{name}" = "{address}"\n' for name, address in config.peers.items())
    settings.write_text(f'process = "identity"\n{text}port = 1024\nhealth_port = 1025\n[peers]\n{peers}')
    code = check_store.main(["--config", str(settings), *arguments], tell=told.append)
    return code, "\n".join(told)


def accept(town: Town, said: str) -> None:
    """Let two custodians accept the loss that the command names."""
    loss = _LOSS.search(said)
    assert loss, said
    town.ledger.accepted.add((bytes.fromhex(loss[1]), int(loss[2])))


def mended(town: Town) -> str:
    """Return what the command says when it mends what two custodians accepted."""
    code, said = check(town)
    assert code == 1, said
    accept(town, said)
    code, said = check(town, "--mend")
    assert code == 0, said
    return said


def standing(town: Town, person: Person) -> standing_pb2.PersonStanding:
    stored = town.sql("SELECT bytes FROM standing WHERE party_id = :id", id=person.id)[0][0]
    return standing_pb2.PersonStanding.FromString(bytes(stored))


def reinstate(town: Town, person: Person) -> None:
    request = pb.ReinstatePersonRequest(idempotency_key=key(), person_id=person.id)
    town.administer("ReinstatePerson", request)


def renew(town: Town, person: Person) -> None:
    town.administer("RenewEnrolment", pb.RenewEnrolmentRequest(idempotency_key=key(), person_id=person.id))


def test_whoever_has_not_changed_is_not_touched_and_nothing_is_lost(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    with lost_again(town):
        town.sign_in(nurse)
    code, said = check(town)
    assert (code, said.splitlines()[-1]) == (0, "ok: nobody is locked out")
    town.sign_in(nurse)


def test_who_changed_is_out_and_counted_and_two_custodians_are_needed(town: Town, organisation: str) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    with lost_again(town):
        town.record(nurse, is_barred_list_clear=False)
    assert refusal(lambda: town.sign_in(nurse)).reason == "STANDING_CHANGED"
    code, said = check(town)
    assert code == 1
    assert "lost: 1 changes; locked out: 1 persons, 0 organisations, 0 systems, 0 service" in said
    assert f"  person {nurse.id} comes back suspended" in said
    # A name is nobody's business here.
    assert nurse.username not in said
    assert other.id not in said
    before = standing(town, nurse)
    code, refused = check(town, "--mend")
    assert code == 2
    assert "LOSS_NOT_ACCEPTED" in refused
    assert standing(town, nurse) == before
    accept(town, said)
    assert check(town, "--mend")[0] == 0
    assert check(town)[1].splitlines()[-1] == "ok: nobody is locked out"


def test_what_cannot_be_driven_on_yet_is_said(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    party, acts = Party("person", nurse.id), town.identity.upkeep.acts
    act = PendingAct(
        name=ActName(str(uuid.uuid4()), SEARCH, key()),
        request_digest=bytes(32),
        subject=party,
        shape=Shape.TOKEN,
        effect=Note(),
        # Whose key nobody has any more, or not while identity is stopped.
        token="a.b.c",
        started_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    acts.prepare(act)
    code, said = check(town)
    assert code == 0
    assert said.startswith("under way: 1 acts, ")
    acts.give_up(act)
    assert "under way" not in check(town)[1]


def test_a_person_comes_back_suspended_with_nothing_and_needs_an_administrator_and_a_new_link(
    town: Town, organisation: str
) -> None:
    nurse = town.new_person(organisation, "ROLE_PRACTITIONER", "ROLE_SHIELD_OFFICER")
    handle, old_secret = nurse.session, nurse.secret
    with lost_again(town):
        town.record(nurse, is_barred_list_clear=True)
    mended(town)
    back = standing(town, nurse)
    assert back.is_suspended
    assert not back.grants
    assert not back.factors
    assert back.conditions == standing_pb2.PersonConditions()
    # A session that the copy still had, and what the person knew, are worth nothing; an administrator's word alone too.
    assert refusal(lambda: town.authorise(handle, SEARCH)).reason == "SESSION_ENDED"
    reinstate(town, nurse)
    town.fulfil(nurse)
    town.grant(nurse, "ROLE_PRACTITIONER")
    assert refusal(lambda: town.sign_in(nurse)).reason == "SIGN_IN_REFUSED"
    renew(town, nurse)
    town.enrol(nurse)
    assert nurse.secret != old_secret
    town.sign_in(nurse)
    # It is a sign-in like any other: the policy waits to be read.
    request = pb.AcknowledgePolicyRequest(idempotency_key=key(), policy_version=1)
    town.call(nurse, "SessionService", "AcknowledgePolicy", request)
    assert town.authorise(nurse.session, SEARCH)


def test_a_link_that_was_used_since_the_moment_does_not_work_twice(town: Town, organisation: str) -> None:
    newcomer = town.add_person(organisation)
    link, code = town.link_and_code(newcomer)
    with lost_again(town):
        town.enrol(newcomer)
    secret = town.begin_enrolment(link, code).totp_secret
    newcomer.secret = secret
    # Before and after: who kept link and code binds nothing.
    said = refusal(lambda: town.complete_enrolment(link, code, newcomer.password, town.code(newcomer)))
    assert said.reason == "IDEMPOTENCY_KEY_REUSED"
    mended(town)
    assert refusal(lambda: town.begin_enrolment(link, code)).reason == "ENROLMENT_REFUSED"
    assert standing(town, newcomer).is_suspended


def test_an_account_made_since_is_void_and_its_user_name_is_free(town: Town, organisation: str) -> None:
    with lost_again(town):
        nurse = town.new_person(organisation)
    said = check(town)[1]
    assert f"  person {nurse.id} is void: nothing is held" in said
    assert "mended: 0 are back and suspended, 1 are void" in mended(town)
    assert refusal(lambda: town.sign_in(nurse)).reason == "SIGN_IN_REFUSED"
    again = town.add_person(organisation, nurse.username)
    assert again.id != nurse.id
    town.fulfil(again)
    town.grant(again, "ROLE_PRACTITIONER")
    town.enrol(again)
    town.sign_in(again)


def test_an_organisation_comes_back_suspended_and_its_people_with_it_once_it_is_live(town: Town) -> None:
    hospital = town.add_organisation("St Luke's")
    nurse = town.new_person(hospital)
    with lost_again(town):
        town.accredit(hospital, "SUSPENDED")
        town.accredit(hospital, "LIVE")
    mended(town)
    assert refusal(lambda: town.sign_in(nurse)).reason == "CONDITION_LAPSED_ORGANISATION"
    town.accredit(hospital, "LIVE")
    town.sign_in(nurse)


def test_an_organisation_that_was_withdrawn_since_stays_withdrawn(town: Town) -> None:
    hospital = town.add_organisation("St John's")
    with lost_again(town):
        town.accredit(hospital, "WITHDRAWN")
    mended(town)
    assert refusal(lambda: town.accredit(hospital, "LIVE")).reason == "ORGANISATION_WITHDRAWN"
    stored = town.sql("SELECT bytes FROM standing WHERE party_id = :id", id=hospital)[0][0]
    assert standing_format.read_organisation(hospital, bytes(stored)).state is Accreditation.WITHDRAWN


def test_a_standing_that_the_log_never_knew_does_not_come_back(town: Town, organisation: str) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    with lost_again(town):
        town.record(nurse, is_barred_list_clear=True)
    # Whoever runs the database writes more into the old row, and waits for the mending.
    forged = standing_format.read_person(nurse.id, standing(town, nurse).SerializeToString(deterministic=True))
    richer = standing_format.read_person(other.id, standing(town, other).SerializeToString(deterministic=True))
    message = standing_pb2.PersonStanding.FromString(standing_format.write(forged))
    message.organisation = richer.organisation
    message.revision += 40
    town.sql("UPDATE standing SET bytes = :b WHERE party_id = :id", b=message.SerializeToString(), id=nurse.id)
    code, said = check(town)
    assert code == 1
    assert f"  person {nurse.id} stays out" in said
    assert "loss:" not in said
    assert refusal(lambda: town.sign_in(nurse)).reason == "STANDING_CHANGED"
    code, said = check(town, "--mend")
    assert (code, "mended:" in said) == (1, False)


def test_a_mending_that_stopped_between_ledger_and_database_goes_on_without_another_word(
    town: Town, organisation: str
) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    with lost_again(town):
        for one in (nurse, other):
            town.record(one, is_barred_list_clear=True)
    old = bytes(town.sql("SELECT bytes FROM standing WHERE party_id = :id", id=nurse.id)[0][0])
    again = re.search(r"--from [0-9]+$", check(town)[1])
    assert again
    mended(town)
    # As if the process had died before this row was written.
    town.sql("UPDATE standing SET bytes = :b WHERE party_id = :id", b=old, id=nurse.id)
    accepted, town.ledger.accepted = town.ledger.accepted, set()
    code, said = check(town, "--mend", *again[0].split())
    town.ledger.accepted = accepted
    assert code == 0, said
    assert "mended: 1 are back and suspended, 0 are void" in said
    assert standing(town, nurse).is_suspended
    assert check(town, *again[0].split())[1].splitlines()[-1] == "ok: nobody is locked out"


def test_an_act_under_way_at_the_moment_is_driven_on_first(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    town.ledger.loses_answers = 1
    refusal(lambda: town.record(nurse, is_barred_list_clear=True))
    town.sql("UPDATE pending_act SET started_at = now() - interval '1 minute' WHERE subject_id = :id", id=nurse.id)
    with lost_again(town):
        town.identity.upkeep.drive_on()
    assert town.sql("SELECT 1 FROM pending_act WHERE subject_id = :id", id=nurse.id)
    code, said = check(town)
    assert (code, said.splitlines()[-1]) == (0, "ok: nobody is locked out")
    assert not town.sql("SELECT 1 FROM pending_act WHERE subject_id = :id", id=nurse.id)
    town.sign_in(nurse)


def test_who_asks_again_for_what_was_lost_makes_nothing_that_the_log_does_not_know(
    town: Town, organisation: str
) -> None:
    nurse = town.new_person(organisation)
    granted = pb.GrantRoleRequest(
        idempotency_key=key(),
        person_id=nurse.id,
        role=access_pb2.ROLE_SHIELD_OFFICER,
        expires_at=town.stamp(days=10),
        need="Decides on shields",
    )
    added = pb.AddPersonRequest(
        idempotency_key=key(),
        organisation_id=organisation,
        name="Una Marsh",
        username=f"una-{nurse.username}",
        email=f"una-{nurse.email}",
        manager_email=f"una-{nurse.manager_email}",
        proofs=["PASSPORT"],
    )
    with lost_again(town):
        town.administer("GrantRole", granted)
        town.administer("AddPerson", added)
    mended(town)
    before = standing(town, nurse)
    # A page that stayed open sends both once more, with the same keys.
    for name, request in (("GrantRole", granted), ("AddPerson", added)):
        assert refusal(lambda n=name, r=request: town.administer(n, r)).reason == "IDEMPOTENCY_KEY_REUSED"
    assert standing(town, nurse) == before
    assert check(town)[1].splitlines()[-1] == "ok: nobody is locked out"
    # With a key of its own it is another act, and the user name is free.
    added.idempotency_key = key()
    town.administer("AddPerson", added)
