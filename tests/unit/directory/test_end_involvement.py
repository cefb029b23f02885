"""EndInvolvement: it is no longer shown, and the child no longer the person's own."""

import pytest

from services.runtime.errors import NotFound
from tests.builders.directory import Person, World, new_key


def test_it_is_gone(world: World, nurse: Person) -> None:
    number = world.created(Person()).number
    started = world.started(nurse, number, is_lead_professional=True)

    def end() -> None:
        handle = world.handle(nurse, number)
        world.as_(
            nurse,
            lambda caller: world.end_involvement(
                caller, idempotency_key=new_key(), handle=handle, involvement_id=started.involvement_id
            ),
            "EndInvolvement",
        )

    end()
    assert world.record(nurse, number).involvements == ()
    assert world.ledger.children[number].own == set()
    with pytest.raises(NotFound):
        end()


def test_anothers_is_not_found(world: World, nurse: Person) -> None:
    number = world.created(Person()).number
    started = world.started(nurse, number)
    stranger = Person()
    handle = world.handle(stranger, number)
    with pytest.raises(NotFound):
        world.as_(
            stranger,
            lambda caller: world.end_involvement(
                caller, idempotency_key=new_key(), handle=handle, involvement_id=started.involvement_id
            ),
            "EndInvolvement",
        )
    assert len(world.record(nurse, number).involvements) == 1
