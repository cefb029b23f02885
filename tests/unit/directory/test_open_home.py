"""OpenHome: a further press, a reason and an entry of its own; of a limited record nothing."""

import pytest

from services.directory.domain.claims import Handle, NumberClaim
from services.directory.domain.reasons import Reason, ReasonCode
from services.directory.domain.record import HomeView
from services.directory.domain.statements import Section
from services.runtime.errors import InvalidRequest, NotFound
from tests.builders.directory import BORN, CONCERN, Person, World, a_child


def test_it_shows_address_and_carers(world: World, nurse: Person) -> None:
    number = world.created(nurse).number
    handle = world.handle(nurse, number)
    opened = world.as_(nurse, lambda _: world.open_home(Handle(value=handle), CONCERN))
    assert (opened.view.address, opened.view.carers) == (a_child().address, a_child().carers)
    entry = world.ledger.entries[opened.receipt.index]
    assert (entry.section, entry.number) == (Section.HOME, number)


def test_a_child_without_a_home_has_an_empty_one(world: World, nurse: Person) -> None:
    number = world.created(nurse, a_child(address=None, carers=())).number
    handle = world.handle(nurse, number)
    opened = world.as_(nurse, lambda _: world.open_home(Handle(value=handle), CONCERN))
    assert opened.view == HomeView(is_limited=False)


def test_of_a_limited_record_it_is_empty(world: World, nurse: Person) -> None:
    number = world.created(nurse).number
    handle = world.handle(nurse, number)
    world.ledger.limit(number)
    opened = world.as_(nurse, lambda _: world.open_home(Handle(value=handle), CONCERN))
    assert opened.view == HomeView(is_limited=True)


def test_a_number_that_does_not_agree_finds_nothing(world: World, nurse: Person) -> None:
    number = world.created(nurse).number
    claim = NumberClaim(number=number, surname="Babbage", date_of_birth=BORN)
    with pytest.raises(NotFound):
        world.as_(nurse, lambda _: world.open_home(claim, CONCERN))


def test_it_wants_a_reason_of_its_own(world: World, nurse: Person) -> None:
    before = len(world.ledger.entries)
    with pytest.raises(InvalidRequest):
        world.as_(nurse, lambda _: world.open_home(Handle(value=bytes(64)), Reason(code=ReasonCode.OTHER)))
    assert len(world.ledger.entries) == before
