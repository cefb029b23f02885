"""MarkInvolvement: both indicators; the newest claim to lead wins."""

import uuid

import pytest

from services.directory.domain.involvements import Marks
from services.runtime.errors import NotFound
from tests.builders.directory import Person, World, new_key


def mark(world: World, who: Person, number: int, involvement: uuid.UUID, *, lead: bool, caf: bool = False) -> None:
    handle = world.handle(who, number)
    world.clock.move(1)
    world.as_(
        who,
        lambda caller: world.mark_involvement(
            caller,
            idempotency_key=new_key(),
            handle=handle,
            involvement_id=involvement,
            marks=Marks(is_lead_professional=lead, has_common_assessment=caf),
        ),
        "MarkInvolvement",
    )


def test_at_most_one_leads_and_the_newest_claim_wins(world: World, nurse: Person) -> None:
    number, other = world.created(Person()).number, Person()
    one, two = world.started(nurse, number).involvement_id, world.started(other, number).involvement_id

    def leads() -> list[uuid.UUID]:
        shown = world.record(nurse, number).involvements
        return [view.involvement.involvement_id for view in shown if view.is_lead_professional]

    assert leads() == []
    mark(world, nurse, number, one, lead=True)
    assert leads() == [one]
    mark(world, other, number, two, lead=True)
    assert leads() == [two]
    mark(world, nurse, number, one, lead=True)
    assert leads() == [one]
    mark(world, nurse, number, one, lead=False)
    assert leads() == [two]


def test_the_common_assessment_is_shown(world: World, nurse: Person) -> None:
    number = world.created(Person()).number
    started = world.started(nurse, number)
    mark(world, nurse, number, started.involvement_id, lead=False, caf=True)
    assert [view.involvement.has_common_assessment for view in world.record(nurse, number).involvements] == [True]


def test_anothers_is_not_found(world: World, nurse: Person) -> None:
    number = world.created(Person()).number
    started = world.started(nurse, number)
    with pytest.raises(NotFound):
        mark(world, Person(), number, started.involvement_id, lead=True)
