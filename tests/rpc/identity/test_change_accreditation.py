"""ChangeAccreditation: gates all its people on their very next call."""

import pytest

from tests.fakes.identity_town import Town, refusal

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"


@pytest.mark.parametrize("state", ["APPLIED", "READINESS_ASSESSED", "ACCREDITED", "MANAGEMENT_TRAINING", "SUSPENDED"])
def test_only_while_live_does_anybody_search(town: Town, state: str) -> None:
    organisation = town.add_organisation()
    nurse = town.new_person(organisation)
    town.accredit(organisation, state)
    assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "CONDITION_LAPSED_ORGANISATION"
    town.accredit(organisation, "LIVE")
    town.sign_in(nurse)
    assert town.authorise(nurse.session, SEARCH)


def test_an_accreditation_ends_by_itself(town: Town) -> None:
    organisation = town.add_organisation()
    nurse = town.new_person(organisation)
    town.accredit(organisation, "LIVE", days=1 / 24 / 60)
    assert town.authorise(nurse.session, SEARCH)
    town.clock.move(61)
    assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "CONDITION_LAPSED_ORGANISATION"


def test_withdrawn_is_for_ever(town: Town) -> None:
    organisation = town.add_organisation()
    town.accredit(organisation, "WITHDRAWN")
    assert refusal(lambda: town.accredit(organisation, "LIVE")).reason == "ORGANISATION_WITHDRAWN"


def test_an_unknown_organisation_is_not_found(town: Town) -> None:
    assert refusal(lambda: town.accredit("00000000-0000-4000-8000-000000000000", "LIVE")).reason == "NOT_FOUND"
