"""RegisterProvider: once each, in the own authority's area."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.directory.domain.providers import Contact, Provider, ProviderKind
from services.directory.errors import ProviderTaken
from services.directory.use_cases.register_provider import RegisteredProvider
from services.runtime.errors import InvalidRequest, NotPermitted
from tests.builders.directory import AUTHORITY, SCHOOL, Person, World, new_key

MANAGER = Person(role="ROLE_DATA_MANAGER")
NEW = Provider(
    provider_id=UUID(int=0),
    name="St Anne's Primary School 2",
    kind=ProviderKind.SCHOOL,
    contact=Contact(telephone="020 7946 0010"),
    authority=AUTHORITY,
    urn="100002",
)


def register(world: World, described: Provider = NEW, key: str = "") -> RegisteredProvider:
    key = key or new_key()
    return world.as_(
        MANAGER,
        lambda caller: world.register_provider(caller, idempotency_key=key, described=described),
        "RegisterProvider",
    )


def test_it_is_there_after_its_entry(world: World) -> None:
    made = register(world)
    assert world.providers.by_id[made.provider_id] == replace(NEW, provider_id=made.provider_id)
    assert world.ledger.entries[made.receipt.index].act.endswith("/RegisterProvider")


def test_a_retry_is_the_same_provider(world: World) -> None:
    key = new_key()
    assert register(world, key=key) == register(world, key=key)
    assert len(world.providers.by_id) == 4


def test_a_code_in_use_is_taken_in_every_retry(world: World) -> None:
    key = new_key()
    for _ in range(2):
        with pytest.raises(ProviderTaken):
            register(world, replace(NEW, urn=SCHOOL.urn), key)


def test_another_authoritys_area_is_not_the_managers(world: World) -> None:
    with pytest.raises(NotPermitted):
        register(world, replace(NEW, authority="E09000002"))
    assert world.ledger.entries == []


def test_the_centre_keeps_providers_everywhere(world: World) -> None:
    centre = Person(role="ROLE_NATIONAL_ADMINISTRATOR", authority=None)
    made = world.as_(
        centre,
        lambda caller: world.register_provider(caller, idempotency_key=new_key(), described=NEW),
        "RegisterProvider",
    )
    assert made.provider_id in world.providers.by_id


@pytest.mark.parametrize(
    "changed, path",
    [
        ({"urn": ""}, "urn"),
        ({"ods_code": "A10009"}, "ods_code"),
        ({"kind": ProviderKind.SOCIAL_CARE}, "urn"),
        ({"name": "Team that neglected her"}, "name"),
        ({"contact": Contact(telephone="020 7946 0010", email="ask Jo")}, "email"),
    ],
)
def test_what_does_not_fit_is_refused(world: World, changed: dict[str, object], path: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        register(world, replace(NEW, **changed))  # type: ignore[arg-type]
    assert [where for where, _ in refused.value.field_violations] == [path]
