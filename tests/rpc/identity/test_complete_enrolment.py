"""CompleteEnrolment: the person alone sets the password and binds the authenticator."""

import hashlib

from tests.fakes.identity_town import PASSWORD, Person, Town, refusal


def _begun(town: Town, organisation: str) -> tuple[Person, str, str]:
    person = town.add_person(organisation)
    link, code = town.link_and_code(person)
    person.secret = town.begin_enrolment(link, code).totp_secret
    return person, link, code


def test_it_binds_both_factors_and_link_and_code_are_worth_nothing_after(town: Town, organisation: str) -> None:
    person, link, code = _begun(town, organisation)
    answer = town.complete_enrolment(link, code, PASSWORD, town.code(person))
    assert len(answer.receipt.leaf) == 32
    assert refusal(lambda: town.begin_enrolment(link, code)).reason == "ENROLMENT_REFUSED"
    again = refusal(lambda: town.complete_enrolment(link, code, PASSWORD, town.code(person)))
    assert again.reason == "ENROLMENT_REFUSED"
    # The standing, whose digest the ledger has, names the secrets as they are stored.
    stored = town.sql("SELECT password_hash, sealed_secret FROM credential WHERE id = :id", id=person.id)[0]
    standing = town.sql("SELECT bytes FROM standing WHERE party_id = :id", id=person.id)[0][0]
    assert all(hashlib.sha256(secret).digest() in standing for secret in stored)
    assert hashlib.sha256(standing).digest() in town.ledger.standings.values()
    assert stored[0].startswith(b"$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_authenticator_must_show_its_code(town: Town, organisation: str) -> None:
    person, link, code = _begun(town, organisation)
    wrong = "000000" if town.code(person) != "000000" else "000001"
    assert refusal(lambda: town.complete_enrolment(link, code, PASSWORD, wrong)).reason == "CODE_REFUSED"
    assert town.complete_enrolment(link, code, PASSWORD, town.code(person))


def test_a_password_that_is_easily_guessed_is_refused(town: Town, organisation: str) -> None:
    person, link, code = _begun(town, organisation)
    for weak in ("password1234", "aaaaaaaaaaaaaaaa", f"{person.username}!1"):
        said = refusal(lambda w=weak: town.complete_enrolment(link, code, w, town.code(person)))
        assert said.reason == "WEAK_PASSWORD"


def test_the_code_that_bound_the_authenticator_is_used(town: Town, organisation: str) -> None:
    person, link, code = _begun(town, organisation)
    shown = town.code(person)
    town.complete_enrolment(link, code, PASSWORD, shown)
    assert refusal(lambda: town.sign_in(person, code=shown)).reason == "SIGN_IN_REFUSED"


def test_an_answer_that_was_lost_is_driven_on(town: Town, organisation: str) -> None:
    person, link, code = _begun(town, organisation)
    town.fulfil(person)
    town.grant(person, "ROLE_PRACTITIONER")
    person.last_step = int(town.clock.now().timestamp()) // 30
    town.ledger.loses_answers = 1
    said = refusal(lambda: town.complete_enrolment(link, code, PASSWORD, town.code(person)))
    assert said.reason == "DEPENDENCY_UNAVAILABLE"
    town.clock.move(7)
    assert town.identity.upkeep.drive_on() == 1
    assert town.sign_in(person).session
