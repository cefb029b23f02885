"""Nobody living is reached, and no real code is used: telephones, mail, postcodes, codes, identifiers."""

import math
import re
from collections.abc import Iterator

import pytest
from nhs_number.constants import REGION_SYNTHETIC
from nhs_number.validate import is_valid

from deploy.local.population import identifiers
from deploy.local.population.areas import read_areas
from deploy.local.population.child import AddressState, Child
from deploy.local.population.generate import Population
from deploy.local.population.provider import Provider, ProviderKind
from deploy.local.population.story import story
from deploy.local.population.story_providers import STORY_PROVIDERS
from tests.unit.population.conftest import TODAY

# Ofcom's list, written out anew: each range has a thousand numbers, given by their last three digits.
DRAMA = re.compile(
    r"(0113|0114|0115|0116|0117|0118|0121|0131|0141|0151|0161) 4960\d{3}"
    r"|0191 4980\d{3}|020 79460\d{3}|01632 960\d{3}|07700 900\d{3}|08081 570\d{3}"
)


@pytest.fixture(scope="module")
def providers(population: Population) -> tuple[Provider, ...]:
    return population.providers + STORY_PROVIDERS


@pytest.fixture(scope="module")
def everyone(children: list[Child]) -> list[Child]:
    return children + list(story(TODAY))


def _telephones(providers: tuple[Provider, ...], everyone: list[Child]) -> Iterator[str]:
    for provider in providers:
        yield provider.telephone
        yield provider.telephone_out_of_hours
        yield from (practitioner.telephone for practitioner in provider.practitioners)
    for child in everyone:
        yield from (carer.telephone for carer in child.carers)


def _mail(providers: tuple[Provider, ...], everyone: list[Child]) -> Iterator[str]:
    for provider in providers:
        yield provider.email
        yield from (practitioner.email for practitioner in provider.practitioners)
    for child in everyone:
        yield from (carer.email for carer in child.carers)


def test_every_telephone_number_is_of_a_drama_range(providers: tuple[Provider, ...], everyone: list[Child]) -> None:
    for telephone in filter(None, _telephones(providers, everyone)):
        # "0113 496 0123" is one block of seven after the area code, whatever the spaces.
        area_code, _, rest = telephone.partition(" ")
        assert DRAMA.fullmatch(f"{area_code} {rest.replace(' ', '')}"), telephone


def test_every_address_of_mail_is_at_example_org(providers: tuple[Provider, ...], everyone: list[Child]) -> None:
    form = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*example\.org")
    for address in filter(None, _mail(providers, everyone)):
        assert form.fullmatch(address), address
        assert len(address) <= 80


def test_every_provider_can_be_telephoned_and_is_told_apart(providers: tuple[Provider, ...]) -> None:
    authorities = {area.authority for area in read_areas()}
    for provider in providers:
        assert provider.telephone
        assert provider.authority in authorities
        assert 2 <= len(provider.name) <= 120
        assert provider.practitioners
        assert bool(re.fullmatch(r"9\d{5}", provider.urn)) is (provider.kind is ProviderKind.SCHOOL)
        assert bool(re.fullmatch(r"[A-Z]0\d{4}", provider.ods_code)) is (provider.kind is ProviderKind.GP_PRACTICE)
    for code in ("key", "urn", "ods_code"):
        codes = [getattr(provider, code) for provider in providers if getattr(provider, code)]
        assert len(codes) == len(set(codes))
    assert len({(provider.authority, provider.name) for provider in providers}) == len(providers)


def test_authorities_have_ons_codes() -> None:
    codes = [area.authority for area in read_areas()]
    assert len(codes) == len(set(codes)) >= 12
    assert all(re.fullmatch(r"E(06|08|09|10)0000\d\d", code) for code in codes)


def test_postcodes_belong_to_the_childs_area(everyone: list[Child]) -> None:
    outward = {area.authority: set(area.outward_codes) for area in read_areas()}
    for child in everyone:
        has_place = child.address.state in {AddressState.CURRENT, AddressState.LAST_KNOWN}
        assert bool(child.address.lines) is bool(child.address.postcode) is has_place
        if has_place:
            first, _, second = child.address.postcode.partition(" ")
            assert first in outward[child.authority]
            assert re.fullmatch(r"\d[ABD-HJLNP-UW-Z]{2}", second)


def test_names_fit_the_contract(everyone: list[Child]) -> None:
    def fits(name: str) -> bool:
        return len(name) <= 80 and name[0].isalpha() and all(c.isalpha() or c in "'\u2019. -" for c in name)

    for child in everyone:
        for name in (child.name, *child.former_names):
            assert fits(name.surname), name
            assert not name.given_names or fits(name.given_names), name
        assert all(len(line) <= 60 for line in child.address.lines)
        assert len(child.address.lines) <= 5
        assert len(child.carers) <= 6
        assert len(child.involvements) <= 12


def test_nhs_numbers_are_synthetic_valid_and_unique(everyone: list[Child]) -> None:
    numbers = [child.nhs_number for child in everyone if child.nhs_number]
    assert len(numbers) == len(set(numbers))
    assert 0.88 < len(numbers) / len(everyone) < 0.93
    for number in numbers:
        assert number.startswith("999")
        assert is_valid(number, for_region=REGION_SYNTHETIC)


def test_no_two_of_a_million_share_an_nhs_number() -> None:
    assert math.gcd(identifiers.STEP, identifiers.SERIALS) == 1
    assert identifiers.nhs_number_of(identifiers.SERIALS) == ""


def test_pupil_numbers_are_unique_and_of_no_authority(everyone: list[Child]) -> None:
    numbers = [child.upn for child in everyone if child.upn]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"[A-HJ-NP-RT-Z]999\d{9}", number) for number in numbers)


def test_a_pupil_numbers_letter_is_the_published_one() -> None:
    # Weights 2 to 13, modulus 23, letters without I, O and S.
    number = identifiers.pupil_number(4_321, 2024)
    total = sum(int(digit) * weight for digit, weight in zip(number[1:], range(2, 14), strict=True))
    assert number[1:] == "999000424321"
    assert number[0] == "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23]
