"""BeginEnrolment: link and code together, five tries, three days, both die together."""

from concurrent.futures import ThreadPoolExecutor

from tests.fakes.identity_town import Town, refusal


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def test_it_shows_the_same_secret_at_every_showing(town: Town, organisation: str) -> None:
    person = town.add_person(organisation)
    link, code = town.link_and_code(person)
    first, second = town.begin_enrolment(link, code), town.begin_enrolment(link, code)
    assert first == second
    assert first.username == person.username
    assert first.totp_uri.startswith("otpauth://totp/ContactPoint:")
    assert first.totp_secret in first.totp_uri


def test_five_wrong_codes_end_both_even_at_once(town: Town, organisation: str) -> None:
    person = town.add_person(organisation)
    link, code = town.link_and_code(person)
    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(lambda _: refusal(lambda: town.begin_enrolment(link, _wrong(code))).reason, range(5)))
    assert set(said) == {"ENROLMENT_REFUSED"}
    assert refusal(lambda: town.begin_enrolment(link, code)).reason == "ENROLMENT_REFUSED"


def test_four_wrong_codes_do_not(town: Town, organisation: str) -> None:
    person = town.add_person(organisation)
    link, code = town.link_and_code(person)
    for _ in range(4):
        refusal(lambda: town.begin_enrolment(link, _wrong(code)))
    assert town.begin_enrolment(link, code).totp_secret
    town.identity.upkeep.enter_refusals()
    assert [one.rule for one in town.ledger.refusals if one.person == person.id] == ["ENROLMENT_REFUSED"] * 4


def test_three_days_end_both(town: Town, organisation: str) -> None:
    person = town.add_person(organisation)
    link, code = town.link_and_code(person)
    town.clock.move(72 * 3600)
    assert refusal(lambda: town.begin_enrolment(link, code)).reason == "ENROLMENT_REFUSED"


def test_a_link_without_its_code_and_a_code_without_its_link_are_nothing(town: Town, organisation: str) -> None:
    one, other = town.add_person(organisation), town.add_person(organisation)
    (link, _), (_, code) = town.link_and_code(one), town.link_and_code(other)
    assert refusal(lambda: town.begin_enrolment(link, code)).reason == "ENROLMENT_REFUSED"
    assert refusal(lambda: town.begin_enrolment("x" * 43, code)).reason == "ENROLMENT_REFUSED"


def test_an_enrolment_turned_to_another_person_by_hand_is_none(town: Town, organisation: str) -> None:
    mine, victim = town.add_person(organisation), town.add_person(organisation)
    link, code = town.link_and_code(mine)
    town.sql("DELETE FROM enrolment WHERE person_id = :id", id=victim.id)
    town.sql("UPDATE enrolment SET person_id = :victim WHERE person_id = :mine", victim=victim.id, mine=mine.id)
    assert refusal(lambda: town.begin_enrolment(link, code)).reason == "ENROLMENT_REFUSED"
