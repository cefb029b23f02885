"""ReportContactWrong: a number that does not answer says so until its owner mends it."""

import uuid

from services.directory.domain.involvements import MOST_REPORTS
from tests.builders.directory import Person, World, new_key


def report(world: World, who: Person, number: int, involvement: uuid.UUID) -> None:
    handle = world.handle(who, number)
    world.clock.move(1)
    world.as_(
        who,
        lambda caller: world.report_contact_wrong(
            caller, idempotency_key=new_key(), handle=handle, involvement_id=involvement
        ),
        "ReportContactWrong",
    )


def test_it_says_so_until_the_owner_confirms(world: World, nurse: Person) -> None:
    number = world.created(Person()).number
    started = world.started(nurse, number)
    report(world, Person(), number, started.involvement_id)
    assert [one.is_reported_wrong for one in world.record(nurse, number).involvements] == [True]
    handle = world.handle(nurse, number)
    world.clock.move(1)
    world.as_(
        nurse,
        lambda caller: world.confirm_involvement(
            caller, idempotency_key=new_key(), handle=handle, involvement_id=started.involvement_id
        ),
        "ConfirmInvolvement",
    )
    assert [one.is_reported_wrong for one in world.record(nurse, number).involvements] == [False]
    report(world, Person(), number, started.involvement_id)
    assert [one.is_reported_wrong for one in world.record(nurse, number).involvements] == [True]


def test_one_reporter_cannot_fill_a_record(world: World, nurse: Person) -> None:
    number = world.created(Person()).number
    for _ in range(MOST_REPORTS + 5):
        report(world, nurse, number, uuid.uuid4())
    assert world.record(nurse, number).involvements == ()
