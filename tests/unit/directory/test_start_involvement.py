"""StartInvolvement: the caller's own, in the organisation's own statement."""

from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

import pytest

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.involvements import MOST_INVOLVEMENTS
from services.directory.errors import RecordFull
from services.runtime.errors import BeingChanged, DependencyUnavailable, InvalidRequest, NotFound
from tests.builders.directory import NOW, TEAM, Person, World, an_involvement, new_key


@pytest.fixture
def number(world: World) -> int:
    return world.created(Person()).number


def test_it_is_shown_from_today(world: World, nurse: Person, number: int) -> None:
    started = world.started(nurse, number, is_lead_professional=True, has_common_assessment=True)
    (shown,) = world.record(nurse, number).involvements
    assert shown.involvement.involvement_id == started.involvement_id
    assert shown.provider == TEAM
    assert shown.involvement.start_date == DateOfBirth(2026, 6, 1)
    assert shown.involvement.confirmed_at == NOW
    assert (shown.is_own, shown.is_lead_professional, shown.involvement.has_common_assessment) == (True, True, True)
    assert (shown.is_unconfirmed, shown.is_reported_wrong) == (False, False)
    assert started.involvement_id.version == 4


def test_nobody_answers_in_the_name_of_another_organisation(world: World, nurse: Person, number: int) -> None:
    """A number of one's own under a social worker's team would be phoned by everybody else."""
    theirs = replace(TEAM, provider_id=uuid4(), organisation_id=Person().organisation)
    ours = replace(TEAM, provider_id=uuid4(), organisation_id=nurse.organisation)
    world.providers.by_id |= {one.provider_id: one for one in (theirs, ours)}
    with pytest.raises(InvalidRequest) as refused:
        world.started(nurse, number, provider_id=theirs.provider_id)
    assert refused.value.field_violations == (("provider_id", "ANOTHER_ORGANISATIONS_PROVIDER"),)
    world.started(nurse, number, provider_id=ours.provider_id)


def test_the_child_becomes_one_of_the_persons_own(world: World, nurse: Person, number: int) -> None:
    world.started(nurse, number)
    assert world.ledger.children[number].own == {str(nurse.person)}


def test_a_retry_starts_nothing_twice(world: World, nurse: Person, number: int) -> None:
    handle, key = world.handle(nurse, number), new_key()

    def start() -> object:
        return world.as_(
            nurse,
            lambda caller: world.start_involvement(caller, idempotency_key=key, handle=handle, new=an_involvement()),
            "StartInvolvement",
        )

    world.ledger.fails_before_settling = 1
    with pytest.raises(DependencyUnavailable):
        start()
    one, other = start(), start()
    assert one.involvement_id == other.involvement_id  # type: ignore[attr-defined]
    assert len(world.record(nurse, number).involvements) == 1


def test_two_organisations_do_not_touch_one_another(world: World, nurse: Person, number: int) -> None:
    world.started(nurse, number)
    world.started(Person(), number, practitioner="Kim Reed")
    assert {one.involvement.practitioner for one in world.record(nurse, number).involvements} == {
        "Jo Brook",
        "Kim Reed",
    }


def test_one_write_at_a_time(world: World, nurse: Person, number: int) -> None:
    world.ledger.fails_before_settling = 1
    with pytest.raises(DependencyUnavailable):
        world.started(nurse, number)
    with pytest.raises(BeingChanged):
        world.started(nurse, number)
    # Meanwhile the record is read all the same.
    assert len(world.record(nurse, number).involvements) == 1
    world.settle_acts()
    world.started(nurse, number)
    assert len(world.record(nurse, number).involvements) == 2


@pytest.mark.parametrize(
    "changed, path",
    [
        ({"practitioner": "Sam, worried about bruising"}, "practitioner"),
        ({"practitioner": "Sam 2"}, "practitioner"),
        ({"email": "call him"}, "email"),
        ({"provider_id": Person().organisation}, "provider_id"),
    ],
)
def test_what_may_not_be_said_is_refused(
    world: World, nurse: Person, number: int, changed: dict[str, object], path: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        world.started(nurse, number, **changed)
    assert [where for where, _ in refused.value.field_violations] == [path]


def test_a_limited_or_unknown_child_is_not_there(world: World, nurse: Person, number: int) -> None:
    world.ledger.limit(number)
    with pytest.raises(NotFound):
        world.started(nurse, number)
    with pytest.raises(NotFound):
        world.started(nurse, 1_234_567_890)


def test_ended_ones_give_way_and_a_full_record_says_so(world: World, nurse: Person, number: int) -> None:
    first = world.started(nurse, number)
    handle = world.handle(nurse, number)
    world.as_(
        nurse,
        lambda caller: world.end_involvement(
            caller, idempotency_key=new_key(), handle=handle, involvement_id=first.involvement_id
        ),
        "EndInvolvement",
    )
    for _ in range(MOST_INVOLVEMENTS):
        world.started(nurse, number)
    assert len(world.record(nurse, number).involvements) == MOST_INVOLVEMENTS
    with suppress(RecordFull):
        for _ in range(60):
            world.started(nurse, number, practitioner="Bartholomew Featherstonehaugh", email="b" * 60 + "@example.org")
    with pytest.raises(RecordFull):
        world.started(nurse, number, practitioner="Bartholomew Featherstonehaugh", email="b" * 60 + "@example.org")
    assert len(world.record(nurse, number).involvements) > MOST_INVOLVEMENTS
