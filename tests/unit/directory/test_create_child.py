"""CreateChild: from a search of this session, in three steps, the same in every retry."""

from collections.abc import Callable

import pytest

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName
from services.directory.domain.statements import Address, AddressState, Carer
from services.directory.domain.supplied import SuppliedChild
from services.directory.errors import ActGivenUp, SearchNeeded
from services.directory.ports import Outcome
from services.directory.use_cases.create_child import CreatedChild
from services.runtime.errors import DependencyUnavailable, InvalidRequest, KeyReused
from tests.builders.directory import ADA, AUTHORITY, BORN, Person, World, a_child, new_key


def create(
    world: World, who: Person, handle: bytes, *, key: str | None = None, child: SuppliedChild | None = None
) -> CreatedChild:
    key, child = key or new_key(), child or a_child()
    return world.as_(
        who,
        lambda caller: world.create_child(caller, idempotency_key=key, search_handle=handle, child=child),
        "CreateChild",
    )


def test_the_new_child_is_found_and_opened(world: World, nurse: Person) -> None:
    created = world.created(nurse)
    question = Question(surname="Lovelace", given_names="Ada", date_of_birth=BORN)
    found = world.as_(nurse, lambda caller: world.search_children(caller, question), "SearchChildren")
    assert [row.current.number for row in found.rows] == [created.number]
    assert world.record(nurse, created.number).identity.name == ADA
    assert world.ledger.children[created.number].authority == AUTHORITY
    assert world.ledger.handles[created.handle] == (str(nurse.session), created.number)


def test_a_name_in_any_shape_and_an_estimated_date(world: World, nurse: Person) -> None:
    for name in (ChildName.single("Suprianto"), ChildName.not_yet_named("Lovelace")):
        born = DateOfBirth(2026, 1, 1, is_estimated=True)
        question = Question(
            surname=name.surname, date_of_birth=born, is_not_yet_named=name.shape.name == "NOT_YET_NAMED"
        )
        searched = world.as_(nurse, lambda caller: world.search_children(caller, question), "SearchChildren")  # noqa: B023
        made = create(world, nurse, searched.search_handle, child=a_child(name=name, date_of_birth=born))
        assert world.record(nurse, made.number).identity.name == name


def test_the_authority_is_the_callers_own_where_none_is_said(world: World) -> None:
    nurse = Person(authority="E09000002")
    number = world.created(nurse, a_child(authority="")).number
    assert world.ledger.children[number].authority == "E09000002"
    with pytest.raises(InvalidRequest):
        world.created(Person(authority=None), a_child(authority=""))


@pytest.mark.parametrize("case", ["no search", "another's", "other criteria", "with a postcode"])
def test_it_takes_a_search_of_this_session_by_name_and_date_only(world: World, nurse: Person, case: str) -> None:
    handle, child = world.search(nurse), a_child()
    match case:
        case "no search":
            handle = bytes(64)
        case "another's":
            handle = world.search(Person())
        case "other criteria":
            child = a_child(name=ChildName.full("Babbage", "Charles"))
        case _:
            question = Question(surname="Lovelace", given_names="Ada", date_of_birth=BORN, postcode="ZZ1 1AA")
            handle = world.as_(nurse, lambda caller: world.search_children(caller, question)).search_handle
    with pytest.raises(SearchNeeded):
        create(world, nurse, handle, child=child)
    assert world.records.rows == {}


def test_a_retry_is_the_same_act(world: World, nurse: Person) -> None:
    handle, key = world.search(nurse), new_key()
    one, other = create(world, nurse, handle, key=key), create(world, nurse, handle, key=key)
    assert (one.number, one.receipt) == (other.number, other.receipt)
    assert len(world.records.rows) == 1


def test_a_retry_with_other_bytes_is_refused(world: World, nurse: Person) -> None:
    handle, key, child = world.search(nurse), new_key(), a_child()
    create(world, nurse, handle, key=key)
    with world.calling(nurse, "CreateChild", b"other") as caller, pytest.raises(KeyReused):
        world.create_child(caller, idempotency_key=key, search_handle=handle, child=child)


def test_an_act_that_was_not_settled_is_driven_on_by_its_retry(world: World, nurse: Person) -> None:
    handle, key = world.search(nurse), new_key()
    world.ledger.fails_before_settling = 1
    with pytest.raises(DependencyUnavailable):
        create(world, nurse, handle, key=key)
    made = create(world, nurse, handle, key=key)
    assert world.record(nurse, made.number).identity.name == ADA
    assert list(world.records.acts.values()) == [Outcome.DONE]


def test_a_stalled_process_collides_with_the_sweeper(world: World, nurse: Person) -> None:
    handle, key = world.search(nurse), new_key()
    world.records.before_commit = world.settle_acts
    with pytest.raises(ActGivenUp):
        create(world, nurse, handle, key=key)
    assert world.records.rows == {}
    assert all(child.is_void for child in world.ledger.children.values())
    with pytest.raises(ActGivenUp):
        create(world, nurse, handle, key=key)


def test_a_child_who_meets_a_limited_one_is_created_limited_with_the_same_answer(world: World, nurse: Person) -> None:
    world.ledger.limit(world.created(nurse).number)
    made = world.created(Person())
    assert world.ledger.children[made.number].is_limited
    assert world.record(nurse, made.number).is_limited


@pytest.mark.parametrize(
    "changed, path",
    [
        ({"carers": (Carer(name="Anne, drunk when visited"),)}, "carers[0].name"),
        ({"carers": (Carer(name="Anne 07700"),)}, "carers[0].name"),
        ({"carers": (Carer(name="Anne", email="see case 12"),)}, "carers[0].email"),
        ({"address": Address(state=AddressState.CURRENT, lines=("at www.example.org",))}, "address.lines[0]"),
        ({"address": Address(state=AddressState.CURRENT)}, "address.state"),
        ({"address": Address(state=AddressState.NONE_KNOWN, postcode="ZZ1 1AA")}, "address.state"),
        ({"address": Address(state=AddressState.CURRENT, postcode="at hers!!")}, "address.postcode"),
        ({"date_of_birth": DateOfBirth(2026, 6, 2)}, "date_of_birth"),
        ({"date_of_birth": DateOfBirth(1999)}, "date_of_birth"),
    ],
)
def test_what_may_not_be_said_is_refused_before_anything_is_entered(
    world: World, nurse: Person, changed: dict[str, object], path: str
) -> None:
    before = len(world.ledger.entries)
    with pytest.raises(InvalidRequest) as refused:
        create(world, nurse, bytes(64), child=a_child(**changed))
    assert [where for where, _ in refused.value.field_violations] == [path]
    assert len(world.ledger.entries) == before


def test_the_answer_does_not_depend_on_the_callers_organisation(world: World) -> None:
    organisations: list[Callable[[], Person]] = [Person, Person]
    numbers = [world.created(make(), a_child(name=ChildName.full("Byron", "Allegra"))).number for make in organisations]
    assert len(set(numbers)) == 2
