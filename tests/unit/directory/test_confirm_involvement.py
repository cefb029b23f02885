"""ConfirmInvolvement: the owner says that it still holds."""

import uuid

import pytest

from services.directory.use_cases.change_own_services import WrittenServices
from services.runtime.errors import NotFound
from tests.builders.directory import Person, World, new_key

YEAR_SECONDS = 366 * 24 * 3600.0


@pytest.fixture
def number(world: World) -> int:
    return world.created(Person()).number


def confirm(world: World, who: Person, number: int, involvement: uuid.UUID, key: str = "") -> WrittenServices:
    handle, key = world.handle(who, number), key or new_key()
    return world.as_(
        who,
        lambda caller: world.confirm_involvement(
            caller, idempotency_key=key, handle=handle, involvement_id=involvement
        ),
        "ConfirmInvolvement",
    )


def test_it_counts_from_now_again(world: World, nurse: Person, number: int) -> None:
    started = world.started(nurse, number)
    world.clock.move(YEAR_SECONDS)
    assert [one.is_unconfirmed for one in world.record(nurse, number).involvements] == [True]
    confirmed = confirm(world, nurse, number, started.involvement_id)
    assert [one.is_unconfirmed for one in world.record(nurse, number).involvements] == [False]
    assert world.ledger.handles[confirmed.handle] == (str(nurse.session), number)


def test_a_colleague_of_the_same_organisation_may(world: World, nurse: Person, number: int) -> None:
    started = world.started(nurse, number)
    confirm(world, Person(organisation=nurse.organisation), number, started.involvement_id)


def test_anothers_or_nobodys_is_not_found_each_time_it_is_asked(world: World, nurse: Person, number: int) -> None:
    started = world.started(nurse, number)
    stranger, key = Person(), new_key()
    for _ in range(2):
        with pytest.raises(NotFound):
            confirm(world, stranger, number, started.involvement_id, key)
    with pytest.raises(NotFound):
        confirm(world, nurse, number, uuid.uuid4())
    # A refusal leaves nothing pending.
    assert world.ledger.unsettled_acts() == ()
    confirm(world, nurse, number, started.involvement_id)
