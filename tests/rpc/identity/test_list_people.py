"""ListPeople: page by page, never a secret, never another organisation's."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, refusal


def test_it_lists_by_user_name_page_by_page(town: Town) -> None:
    organisation = town.add_organisation()
    for name in ("carol", "alice", "bob"):
        town.add_person(organisation, f"{name}-of-the-list")
    first = town.administer("ListPeople", pb.ListPeopleRequest(organisation_id=organisation, page_size=2))
    request = pb.ListPeopleRequest(organisation_id=organisation, page_size=2, page_token=first.next_page_token)
    second = town.administer("ListPeople", request)
    assert [row.username.split("-")[0] for page in (first, second) for row in page.people] == ["alice", "bob", "carol"]
    assert not second.next_page_token
    row = first.people[0]
    assert (row.name, row.is_enrolled, list(row.roles)) == ("Amina Okafor", False, [])
    assert {"CHECK", "TRAINING", "FACTORS", "ROLE"} <= set(row.lapsed)
    assert not any("@" in str(row) for row in first.people)


def test_a_page_token_is_good_for_its_own_list(town: Town) -> None:
    one, other = town.add_organisation(), town.add_organisation()
    for name in ("first", "second"):
        town.add_person(one, f"{name}-of-two")
    page = town.administer("ListPeople", pb.ListPeopleRequest(organisation_id=one, page_size=1))
    for organisation, token in ((other, page.next_page_token), (one, b"invented"), (one, page.next_page_token[:-1])):
        request = pb.ListPeopleRequest(organisation_id=organisation, page_token=token)
        assert refusal(lambda r=request: town.administer("ListPeople", r)).reason == "INVALID_REQUEST"


def test_a_user_administrator_sees_the_own_organisation_only(town: Town, organisation: str) -> None:
    keeper = town.new_person(organisation, "ROLE_USER_ADMINISTRATOR")
    assert town.administer("ListPeople", pb.ListPeopleRequest(organisation_id=organisation), who=keeper).people
    other = pb.ListPeopleRequest(organisation_id=town.add_organisation())
    assert refusal(lambda: town.administer("ListPeople", other, who=keeper)).reason == "NOT_FOUND"
