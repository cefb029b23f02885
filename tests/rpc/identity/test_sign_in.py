"""SignIn: both factors at once, the code first, one answer for whatever is wrong (I1, I2, D6)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb

from services.identity import passwords
from services.identity.storage.accounts import MOST_WRONG_IN_ROW
from services.runtime.errors import Busy, DependencyUnavailable, ServiceError
from tests.fakes.identity_town import Person, Town, key, refusal


@pytest.fixture(scope="module")
def nurse(_the_town: Town, organisation: str) -> Person:
    return _the_town.new_person(organisation)


def test_it_starts_a_session_of_two_factors(town: Town, nurse: Person) -> None:
    answer = town.sign_in(nurse)
    assert len(answer.session) == 43
    assert answer.idle_seconds == 900
    assert list(answer.roles) == [1]
    assert not answer.policy_due
    assert town.ledger.sessions[answer.session_tag] == nurse.id


def test_the_policy_is_due_until_it_is_acknowledged(town: Town, organisation: str) -> None:
    new = town.new_person(organisation, acknowledges=False)
    assert town.sign_in(new).policy_due
    later = refusal(lambda: town.authorise(new.session, "/contactpoint.directory.v1.DirectoryService/SearchChildren"))
    assert later.reason == "CONDITION_LAPSED_POLICY"


def test_a_code_works_once(town: Town, nurse: Person) -> None:
    town.fresh_code(nurse)
    code = town.code(nurse)
    town.sign_in(nurse, code=code)
    assert refusal(lambda: town.sign_in(nurse, code=code)).reason == "SIGN_IN_REFUSED"


@pytest.mark.promise("I1")
def test_of_fifty_tries_with_one_code_one_succeeds(town: Town, nurse: Person) -> None:
    town.fresh_code(nurse)
    code = town.code(nurse)

    def attempt(_: int) -> str:
        other = Person(nurse.id, nurse.username, "", "")
        try:
            town.sign_in(other, code=code)
        except ServiceError as error:
            return error.reason
        return "OK"

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(attempt, range(50)))
    assert answers.count("OK") == 1
    assert set(answers) <= {"OK", "SIGN_IN_REFUSED", "BUSY"}


def test_every_wrong_thing_has_the_same_answer(town: Town, nurse: Person) -> None:
    town.fresh_code(nurse)
    nobody = Person("", "nobody-at-all", "", "")
    said = [
        refusal(lambda: town.sign_in(nobody, code="123456")),
        refusal(lambda: town.sign_in(nurse, code="000000")),
        refusal(lambda: town.sign_in(nurse, password="another password altogether")),
    ]
    assert {(error.status, error.reason, error.retry_after_seconds) for error in said} == {
        ("UNAUTHENTICATED", "SIGN_IN_REFUSED", None)
    }


def test_without_the_code_no_guess_reaches_the_hash(town: Town, nurse: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []
    monkeypatch.setattr(passwords.Argon2Passwords, "is_right", lambda *_: reached.append("hash"))
    monkeypatch.setattr(passwords.Gate, "passed", lambda *_: reached.append("gate"))
    refusal(lambda: town.sign_in(nurse, code="000000"))
    refusal(lambda: town.sign_in(Person("", "invented", "", ""), code="000000"))
    assert reached == []


def test_who_is_told_to_come_back_comes_back_with_the_same_code(
    town: Town, nurse: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.fresh_code(nurse)
    code = town.code(nurse)
    with monkeypatch.context() as patched:
        patched.setattr(passwords.Gate, "passed", _full)
        assert refusal(lambda: town.sign_in(nurse, code=code)).reason == "BUSY"
    assert town.sign_in(nurse, code=code).session


def _full(_: passwords.Gate) -> None:
    raise Busy


@pytest.mark.promise("I2")
def test_a_hundred_wrong_codes_in_a_row_close_the_account_and_the_log_says_so(town: Town, organisation: str) -> None:
    victim = town.new_person(organisation)
    town.sql("UPDATE guesses SET wrong_in_row = :n WHERE id = :id", n=MOST_WRONG_IN_ROW - 1, id=victim.id)
    refusal(lambda: town.sign_in(victim, code="000000"))
    # The right code too is refused now, with the same answer.
    assert refusal(lambda: town.sign_in(victim)).reason == "SIGN_IN_REFUSED"
    town.identity.upkeep.enter_refusals()
    assert [one.rule for one in town.ledger.refusals if one.person == victim.id].count("CODE_LOCKED") == 1
    # A named person opens it again, and learns no secret by it.
    town.administer("ReinstatePerson", pb.ReinstatePersonRequest(idempotency_key=key(), person_id=victim.id))
    assert town.sign_in(victim).session


def test_refusals_of_known_people_are_entered_and_others_counted(town: Town, nurse: Person) -> None:
    town.identity.upkeep.enter_refusals()
    town.identity.upkeep.enter_counts()
    town.ledger.refusals.clear()
    refusal(lambda: town.sign_in(nurse, code="000000"))
    for _ in range(3):
        refusal(lambda: town.sign_in(Person("", "invented", "", ""), code="000000"))
    town.identity.upkeep.enter_refusals()
    town.identity.upkeep.enter_counts()
    assert [(one.person, one.count) for one in town.ledger.refusals] == [(nurse.id, 1), ("", 3)]
    assert town.sql("SELECT count(*) FROM refusal")[0][0] == 0


def test_whose_factors_were_right_is_told_what_lapsed(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    town.record(nurse, is_barred_list_clear=False)
    told = refusal(lambda: town.sign_in(nurse))
    assert (told.status, told.reason) == ("PERMISSION_DENIED", "CONDITION_LAPSED_BARRED_LIST")
    assert refusal(lambda: town.sign_in(nurse, password="not the password at all")).reason == "SIGN_IN_REFUSED"


def test_no_session_without_its_entry(town: Town, nurse: Person) -> None:
    town.ledger.loses_answers = 1
    assert isinstance(refusal(lambda: town.sign_in(nurse)), DependencyUnavailable)
    usable = town.sql("SELECT count(*) FROM session WHERE person_id = :id AND NOT is_entered", id=nurse.id)
    assert usable[0][0] == 1


def test_somebody_not_yet_enrolled_is_refused_like_anybody(town: Town, organisation: str) -> None:
    person = town.add_person(organisation)
    assert refusal(lambda: town.sign_in(person, code="000000")).reason == "SIGN_IN_REFUSED"


def test_a_user_name_is_taken_in_any_case(town: Town, nurse: Person) -> None:
    town.fresh_code(nurse)
    shouted = Person(nurse.id, f" {nurse.username.upper()} ", "", "")
    assert town.sign_in(shouted, code=town.code(nurse)).session


def test_it_says_who_signed_in_where_and_which_policy_is_in_force(town: Town) -> None:
    for authority in ("E08000035", ""):
        organisation = town.add_organisation("Elm Health", authority=authority)
        nurse = town.new_person(organisation)
        answer = town.sign_in(nurse)
        assert (answer.person_id, answer.name) == (nurse.id, "Amina Okafor")
        assert (answer.organisation_id, answer.organisation_name) == (organisation, "Elm Health")
        assert (answer.authority, answer.policy_version) == (authority, 1)
