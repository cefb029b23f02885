"""OpenRecord: who works with the child, after the entry, for a reason, and one answer for whatever is not there."""

import uuid

import pytest

from services.directory.domain.claims import Handle, NumberClaim
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.reasons import Reason, ReasonCode
from services.directory.errors import RecordDamaged
from services.runtime.errors import BeingChanged, DependencyUnavailable, InvalidRequest, NotFound
from tests.builders.directory import ADA, BORN, CONCERN, PRACTICE, SCHOOL, TEAM, Person, Supplier, World, a_row, new_key


@pytest.fixture
def number(world: World) -> int:
    """A child that a supplier knows all about."""
    supplied = world.as_(
        Supplier(), lambda caller: world.supply_rows(caller, idempotency_key=new_key(), rows=[a_row()]), "SupplyRows"
    )
    assert supplied.taken == 1
    return max(world.ledger.children)


def test_it_says_who_works_with_the_child(world: World, nurse: Person, number: int) -> None:
    view = world.record(nurse, number)
    assert (view.number, view.identity.name, view.identity.date_of_birth) == (number, ADA, BORN)
    assert not view.is_limited
    assert [one.surname for one in view.former_names] == ["King"]
    assert view.education is not None
    assert view.education.setting == SCHOOL
    assert view.gp_practice is not None
    assert view.gp_practice.practice == PRACTICE
    (involvement,) = view.involvements
    assert involvement.provider == TEAM
    assert involvement.is_lead_professional
    assert not involvement.is_own


def test_the_entry_names_the_reason_and_comes_with_a_receipt(world: World, nurse: Person, number: int) -> None:
    handle = world.handle(nurse, number)
    opened = world.as_(nurse, lambda caller: world.open_record(caller, Handle(value=handle), CONCERN))
    entry = world.ledger.entries[opened.receipt.index]
    assert (entry.act, entry.number, entry.reason) == ("look", number, "SAFEGUARDING_CONCERN")
    assert opened.handle in world.ledger.handles


def test_nothing_is_read_while_the_ledger_is_down(world: World, nurse: Person, number: int) -> None:
    handle = world.handle(nurse, number)
    world.ledger.is_down = True
    with pytest.raises(DependencyUnavailable):
        world.as_(nurse, lambda caller: world.open_record(caller, Handle(value=handle), CONCERN))


def test_other_needs_a_text(world: World, nurse: Person, number: int) -> None:
    handle = world.handle(nurse, number)
    for text, is_enough in (("", False), ("   so    what ", False), ("she rang the ward", True)):
        reason = Reason(code=ReasonCode.OTHER, text=text)
        if is_enough:
            world.as_(nurse, lambda caller: world.open_record(caller, Handle(value=handle), reason))  # noqa: B023
            continue
        with pytest.raises(InvalidRequest):
            world.as_(nurse, lambda caller: world.open_record(caller, Handle(value=handle), reason))  # noqa: B023


def test_a_limited_record_shows_its_few_fields(world: World, nurse: Person, number: int) -> None:
    world.ledger.limit(number)
    view = world.record(nurse, number)
    assert view.is_limited
    assert view.identity.name == ADA
    assert (view.former_names, view.education, view.gp_practice, view.involvements) == ((), None, None, ())


def test_a_number_goes_with_surname_and_date_of_birth(world: World, nurse: Person, number: int) -> None:
    claim = NumberClaim(number=number, surname="Lovelace", date_of_birth=BORN)
    assert world.as_(nurse, lambda caller: world.open_record(caller, claim, CONCERN)).view.number == number


@pytest.mark.parametrize(
    "case", ["other surname", "other date", "nobody's number", "limited", "old handle", "another's handle", "garbage"]
)
def test_whatever_is_not_there_looks_the_same_and_is_entered(
    world: World, nurse: Person, number: int, case: str
) -> None:
    claim: Handle | NumberClaim = NumberClaim(number=number, surname="Lovelace", date_of_birth=BORN)
    match case:
        case "other surname":
            claim = NumberClaim(number=number, surname="Babbage", date_of_birth=BORN)
        case "other date":
            claim = NumberClaim(number=number, surname="Lovelace", date_of_birth=DateOfBirth(2009, 12, 25))
        case "nobody's number":
            claim = NumberClaim(number=1_000_000_009, surname="Lovelace", date_of_birth=BORN)
        case "limited":
            world.ledger.limit(number)
        case "old handle":
            claim = Handle(value=world.handle(nurse, number))
            world.ledger.forget_handles()
        case "another's handle":
            claim = Handle(value=world.handle(Person(), number))
        case _:
            claim = Handle(value=bytes(64))
    before = len(world.ledger.entries)
    with pytest.raises(NotFound):
        world.as_(nurse, lambda caller: world.open_record(caller, claim, CONCERN))
    assert [entry.outcome for entry in world.ledger.entries[before:]] == ["EMPTY"]


def test_a_missing_or_altered_row_is_an_alarm_and_never_left_out(world: World, nurse: Person, number: int) -> None:
    kept = world.records.rows[number]
    world.records.rows[number] = bytes(len(kept))
    with pytest.raises(RecordDamaged):
        world.record(nurse, number)
    del world.records.rows[number]
    with pytest.raises(RecordDamaged):
        world.record(nurse, number)


def test_an_older_copy_of_the_row_is_not_opened(world: World, nurse: Person, number: int) -> None:
    world.started(nurse, number)
    old = world.records.rows[number]
    world.started(nurse, number)
    world.records.rows[number] = old
    with pytest.raises(RecordDamaged):
        world.record(nurse, number)


def test_a_write_between_the_keys_and_the_reading_is_no_damage(
    world: World, nurse: Person, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.started(nurse, number)
    enter_look = world.ledger.enter_look

    def overtaken(*arguments: object, **named: object) -> object:
        look = enter_look(*arguments, **named)  # type: ignore[arg-type]
        monkeypatch.undo()
        world.started(nurse, number)
        return look

    monkeypatch.setattr(world.ledger, "enter_look", overtaken)
    with pytest.raises(BeingChanged):
        world.record(nurse, number)
    assert len(world.record(nurse, number).involvements) == 3


def test_an_involvement_of_an_unknown_provider_stays_and_is_neutral(world: World, nurse: Person, number: int) -> None:
    world.started(nurse, number)
    del world.providers.by_id[TEAM.provider_id]
    view = world.record(nurse, number)
    assert [one.provider for one in view.involvements] == [None, None]


def test_a_record_of_a_child_created_here_and_nowhere_else(world: World, nurse: Person) -> None:
    created = world.created(nurse)
    view = world.record(nurse, created.number)
    assert (view.involvements, view.education, view.gp_practice) == ((), None, None)
    assert uuid.UUID(int=0) != nurse.organisation
