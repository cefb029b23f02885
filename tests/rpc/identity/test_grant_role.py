"""GrantRole: by another, within reach, and never two that do not go together."""

from tests.fakes.identity_town import Town, refusal


def test_nobody_grants_to_themselves(town: Town, organisation: str) -> None:
    keeper = town.new_person(organisation, "ROLE_USER_ADMINISTRATOR")
    assert refusal(lambda: town.grant(keeper, "ROLE_PRACTITIONER", who=keeper)).reason == "NOT_ONESELF"
    assert town.administrator is not None
    assert refusal(lambda: town.grant(town.admin(), "ROLE_PRACTITIONER")).reason == "NOT_ONESELF"


def test_nobody_keeps_accounts_and_reviews_their_use(town: Town, organisation: str) -> None:
    auditor = town.new_person(organisation, "ROLE_AUDITOR")
    assert refusal(lambda: town.grant(auditor, "ROLE_USER_ADMINISTRATOR")).reason == "ROLES_CONFLICT"
    town.grant(auditor, "ROLE_SHIELD_OFFICER")


def test_a_user_administrator_grants_in_the_own_organisation_and_nothing_that_reaches_everywhere(
    town: Town, organisation: str
) -> None:
    keeper = town.new_person(organisation, "ROLE_USER_ADMINISTRATOR")
    own, other = town.add_person(organisation), town.add_person(town.add_organisation())
    town.grant(own, "ROLE_PRACTITIONER", who=keeper)
    assert refusal(lambda: town.grant(own, "ROLE_NATIONAL_ADMINISTRATOR", who=keeper)).reason == "NOT_PERMITTED"
    assert refusal(lambda: town.grant(own, "ROLE_CENTRAL_AUDITOR", who=keeper)).reason == "NOT_PERMITTED"
    assert refusal(lambda: town.grant(other, "ROLE_PRACTITIONER", who=keeper)).reason == "NOT_FOUND"


def test_a_grant_ends(town: Town, organisation: str) -> None:
    person = town.add_person(organisation)
    assert refusal(lambda: town.grant(person, "ROLE_PRACTITIONER", days=0)).reason == "INVALID_REQUEST"
    assert refusal(lambda: town.grant(person, "ROLE_PRACTITIONER", days=2000)).reason == "INVALID_REQUEST"
