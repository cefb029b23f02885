"""ListProviders: by name, in pages that cannot be forged or carried to another list."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.directory.domain.providers import ProviderFilter, ProviderKind
from services.runtime.errors import InvalidRequest
from tests.builders.directory import PRACTICE, SCHOOL, TEAM, World

ALL = ProviderFilter()


@pytest.fixture
def many(world: World) -> World:
    for number in range(120):
        one = replace(TEAM, provider_id=UUID(int=number + 1), name=f"Team {number:03d}")
        world.providers.by_id[one.provider_id] = one
    return world


def test_the_pages_together_are_the_list_in_order(many: World) -> None:
    names: list[str] = []
    token = b""
    while True:
        page = many.list_providers(ALL, page_size=50, page_token=token)
        names += [one.name for one in page.providers]
        assert len(page.next_page_token) <= 300
        if not (token := page.next_page_token):
            break
    assert names == sorted(one.name for one in many.providers.by_id.values())


def test_fifty_where_nothing_is_said(many: World) -> None:
    assert len(many.list_providers(ALL, page_size=0, page_token=b"").providers) == 50


@pytest.mark.parametrize(
    "wanted, expected",
    [
        (ProviderFilter(name_starts_with="hill"), [SCHOOL]),
        (ProviderFilter(kind=ProviderKind.GP_PRACTICE), [PRACTICE]),
        (ProviderFilter(authority="E09000002"), []),
        (ProviderFilter(name_starts_with="%"), []),
    ],
)
def test_it_narrows(world: World, wanted: ProviderFilter, expected: list[object]) -> None:
    page = world.list_providers(wanted, page_size=10, page_token=b"")
    assert (list(page.providers), page.next_page_token) == (expected, b"")


def test_a_token_is_good_for_its_own_list_only(many: World) -> None:
    token = many.list_providers(ALL, page_size=10, page_token=b"").next_page_token
    for wanted, wrong in (
        (ProviderFilter(name_starts_with="Team"), token),
        (ALL, token[:-1] + bytes([token[-1] ^ 1])),
        (ALL, b"x"),
    ):
        with pytest.raises(InvalidRequest):
            many.list_providers(wanted, page_size=10, page_token=wrong)
