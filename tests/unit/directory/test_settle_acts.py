"""The sweeper: what was interrupted ends as its row says, or not at all."""

from contextlib import suppress

from services.directory.ports import ActState, Outcome
from services.runtime.errors import DependencyUnavailable
from tests.builders.directory import Person, World


def test_a_committed_act_is_settled_done(world: World, nurse: Person) -> None:
    number = world.created(nurse).number
    world.ledger.fails_before_settling = 1
    with suppress(DependencyUnavailable):
        world.started(nurse, number)
    world.settle_acts()
    assert {act.state for act in world.ledger.acts.values()} == {ActState.DONE}
    assert len(world.record(nurse, number).involvements) == 1


def test_an_act_that_never_came_here_is_given_up(world: World, nurse: Person) -> None:
    number = world.created(nurse).number
    world.records.before_commit = _dies
    with suppress(RuntimeError):
        world.started(nurse, number)
    world.settle_acts()
    assert Outcome.CANCELLED in world.records.acts.values()
    assert world.ledger.unsettled_acts() == ()
    assert world.record(nurse, number).involvements == ()


def test_one_that_cannot_be_settled_does_not_keep_the_others_waiting(world: World, nurse: Person) -> None:
    numbers = [world.created(Person()).number for _ in range(2)]
    for number in numbers:
        world.ledger.fails_before_settling = 1
        with suppress(DependencyUnavailable):
            world.started(nurse, number)
    world.ledger.fails_before_settling = 1
    world.settle_acts()
    assert len(world.ledger.unsettled_acts()) == 1
    world.settle_acts()
    assert world.ledger.unsettled_acts() == ()


def _dies() -> None:
    raise RuntimeError
