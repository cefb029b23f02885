"""What several journeys begin with: search for a child, open the record, as a person does it on the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contactpoint.access.v1 import access_pb2 as access
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.population.query import Query
from tests.pages.person import Person
from tests.support.town import Town

WORRIED = "I am worried about the child"


def search(person: Person, query: Query) -> None:
    """Search from the menu for what a query says."""
    person.opens_menu("Search")
    person.is_at("Search for a child")
    fill_search(person, query)
    person.presses("Search")


def fill_search(person: Person, query: Query) -> None:
    """Fill the form of the search."""
    person.fills("Surname", query.surname)
    person.fills("First name", query.given_names)
    if query.is_not_yet_named:
        person.chooses("A newborn who is not yet named")
    # Each field, filled or emptied: what was typed before stands there.
    born = query.date_of_birth
    day, month, year = (born.day, born.month, born.year) if born else ("", "", query.year_of_birth or "")
    person.fills_date("Date of birth", day, month, year)
    person.fills("Postcode (optional)", query.postcode)


def open_record(person: Person, query: Query) -> None:
    """Search, take the only child found, say why, and be at the record."""
    search(person, query)
    person.presses("Open", exact=False)
    give_reason(person)
    person.is_at("Who works with this child")


def give_reason(person: Person) -> None:
    """Say why, and go on to the record."""
    person.chooses(WORRIED)
    person.presses("Open the record")


def open_newest_cases(person: Person) -> None:
    """Go to the officers' list, and on to its last page, where the newest cases are."""
    person.opens_menu("Shield cases")
    while person.main.get_by_role("link", name="Later cases").count():
        person.follows("Later cases")


def telephones(person: Person) -> list[str]:
    """Return the numbers that can be pressed, as they are written, in the order of the page."""
    links = person.main.locator("a[href^='tel:']")
    return [text.strip() for text in links.all_inner_texts()]


def let_in(town: Town, person_id: str, role: access.Role.ValueType = access.ROLE_PRACTITIONER) -> None:
    """Make every condition of a person's access true but the policy, and grant a role."""
    checked_at, later = Timestamp(), Timestamp()
    checked_at.FromDatetime(datetime.now(UTC) - timedelta(days=30))
    later.FromDatetime(datetime.now(UTC) + timedelta(days=180))
    for condition in (
        {"checked_at": checked_at},
        {"is_barred_list_clear": True},
        {"training_valid_until": later},
        {"sponsored_until": later},
    ):
        town.administer("RecordCondition", person_id=person_id, **condition)
    town.administer("GrantRole", person_id=person_id, role=role, expires_at=later, need="Works with children")
