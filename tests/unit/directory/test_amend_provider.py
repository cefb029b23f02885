"""AmendProvider: the numbers that answer, wherever they are shown."""

from uuid import UUID, uuid4

import pytest

from services.directory.domain.providers import Contact
from services.runtime.errors import InvalidRequest, NotFound, NotPermitted
from tests.builders.directory import TEAM, Person, World, new_key

CONTACT = Contact(telephone="020 7946 0077")


def amend(world: World, who: Person, provider_id: UUID, contact: Contact = CONTACT, key: str = "") -> None:
    key = key or new_key()
    world.as_(
        who,
        lambda caller: world.amend_provider(caller, idempotency_key=key, provider_id=provider_id, contact=contact),
        "AmendProvider",
    )


def test_records_show_the_new_number(world: World, nurse: Person) -> None:
    number = world.created(nurse).number
    world.started(nurse, number)
    amend(world, Person(role="ROLE_DATA_MANAGER"), TEAM.provider_id)
    (shown,) = world.record(nurse, number).involvements
    assert shown.provider is not None
    assert shown.provider.contact == CONTACT


def test_a_late_retry_does_not_undo_what_came_after(world: World) -> None:
    manager, key = Person(role="ROLE_DATA_MANAGER"), new_key()
    amend(world, manager, TEAM.provider_id, key=key)
    amend(world, manager, TEAM.provider_id, TEAM.contact)
    amend(world, manager, TEAM.provider_id, key=key)
    assert world.providers.by_id[TEAM.provider_id].contact == TEAM.contact


def test_who_may_not_and_what_is_not_there(world: World) -> None:
    with pytest.raises(NotPermitted):
        amend(world, Person(authority="E09000002"), TEAM.provider_id)
    with pytest.raises(NotFound):
        amend(world, Person(), uuid4())
    with pytest.raises(InvalidRequest):
        amend(world, Person(), TEAM.provider_id, Contact(telephone="020 7946 0077", email="no mail"))
