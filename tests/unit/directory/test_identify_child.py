"""IdentifyChild: a handle for who names a child completely, and nothing of the child."""

import pytest

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName
from services.directory.domain.reasons import Reason, ReasonCode
from services.runtime.errors import InvalidRequest, NotFound
from tests.builders.directory import ADA, BORN, CONCERN, Person, World


@pytest.fixture
def auditor() -> Person:
    return Person(role="ROLE_AUDITOR")


@pytest.mark.parametrize("is_limited", [False, True])
def test_the_whole_name_gives_a_handle(world: World, nurse: Person, auditor: Person, is_limited: bool) -> None:
    number = world.created(nurse).number
    world.ledger.children[number].is_limited = is_limited
    found = world.as_(auditor, lambda _: world.identify_child(number, ADA, BORN, CONCERN), "IdentifyChild")
    assert world.ledger.handles[found.handle] == (str(auditor.session), number)


@pytest.mark.parametrize(
    "name, born",
    [(ChildName.full("Lovelace", "Zoe"), BORN), (ADA, DateOfBirth(2011, 7, 9)), (ChildName.single("Lovelace"), BORN)],
)
def test_anything_less_finds_nothing_and_is_entered(
    world: World, nurse: Person, auditor: Person, name: ChildName, born: DateOfBirth
) -> None:
    number = world.created(nurse).number
    with pytest.raises(NotFound):
        world.as_(auditor, lambda _: world.identify_child(number, name, born, CONCERN), "IdentifyChild")
    assert world.ledger.entries[-1].outcome == "EMPTY"


def test_other_needs_a_text(world: World, auditor: Person) -> None:
    with pytest.raises(InvalidRequest):
        world.as_(auditor, lambda _: world.identify_child(1, ADA, BORN, Reason(code=ReasonCode.OTHER)))
