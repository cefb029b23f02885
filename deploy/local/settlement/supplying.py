"""Brings the synthetic population in by RPC: providers by the centre, children by a registered supplier."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from itertools import islice
from typing import TypeVar

from contactpoint.directory.v1 import directory_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.population.child import AddressState, Child, EducationState, Gender, InvolvementKind, Precision
from deploy.local.population.generate import Population
from deploy.local.population.provider import Provider, ProviderKind
from deploy.local.population.story import Story, story
from deploy.local.population.story_providers import (
    FAMILY_HELP,
    POLICE_TEAM,
    SAFEGUARDING_NURSES,
    STORY_PROVIDERS,
)
from deploy.local.settlement.inhabitants import ADMINISTRATOR, SUPPLIER, Cast
from deploy.local.settlement.outside import Outside

SEED = 1
BATCH = 200
_SENDERS = 4
T = TypeVar("T")
OWN_TEAMS = {
    "Leeds Community Health": SAFEGUARDING_NURSES,
    "Leeds City Council": FAMILY_HELP,
    "West Yorkshire Police": POLICE_TEAM,
}
"""Whose team each organisation of the cast offers first to those who record an involvement of their own."""

_GENDERS = {
    Gender.FEMALE: pb.GENDER_FEMALE,
    Gender.MALE: pb.GENDER_MALE,
    Gender.NOT_SPECIFIED: pb.GENDER_UNSPECIFIED,
}
_ADDRESS_STATES = {
    AddressState.CURRENT: pb.ADDRESS_STATE_CURRENT,
    AddressState.LAST_KNOWN: pb.ADDRESS_STATE_LAST_KNOWN,
    AddressState.NONE_KNOWN: pb.ADDRESS_STATE_NONE_KNOWN,
    AddressState.LEFT_RETURNS: pb.ADDRESS_STATE_LEFT_RETURNS,
    AddressState.LEFT_FOR_GOOD: pb.ADDRESS_STATE_LEFT_FOR_GOOD,
    AddressState.LEFT_NOT_KNOWN: pb.ADDRESS_STATE_LEFT_NOT_KNOWN,
}
_EDUCATION_STATES = {
    EducationState.AT_SCHOOL: pb.EDUCATION_STATE_UNSPECIFIED,
    EducationState.NOT_OF_AGE: pb.EDUCATION_STATE_NOT_OF_AGE,
    EducationState.HOME_EDUCATED: pb.EDUCATION_STATE_HOME_EDUCATED,
    EducationState.NOT_KNOWN: pb.EDUCATION_STATE_NOT_KNOWN,
}
_INVOLVEMENT_KINDS = {
    InvolvementKind.EDUCATION: pb.INVOLVEMENT_KIND_EDUCATION,
    InvolvementKind.GP: pb.INVOLVEMENT_KIND_GP,
    InvolvementKind.UNIVERSAL: pb.INVOLVEMENT_KIND_UNIVERSAL,
    InvolvementKind.ADDITIONAL: pb.INVOLVEMENT_KIND_ADDITIONAL,
}
_PROVIDER_KINDS = {
    ProviderKind.SCHOOL: pb.PROVIDER_KIND_SCHOOL,
    ProviderKind.GP_PRACTICE: pb.PROVIDER_KIND_GP_PRACTICE,
    ProviderKind.UNIVERSAL_HEALTH: pb.PROVIDER_KIND_UNIVERSAL_HEALTH,
    ProviderKind.SOCIAL_CARE: pb.PROVIDER_KIND_SOCIAL_CARE,
    ProviderKind.YOUTH_OFFENDING: pb.PROVIDER_KIND_YOUTH_OFFENDING,
    ProviderKind.EDUCATION_SUPPORT: pb.PROVIDER_KIND_EDUCATION_SUPPORT,
    ProviderKind.VOLUNTARY: pb.PROVIDER_KIND_VOLUNTARY,
}


def settle(cast: Cast, children: int) -> Story:
    """Return the story's children, having brought them in, with providers and `children` others, if need be."""
    suite = cast.suite
    kept = suite.endpoints()
    # The story is told as of the day on which it was brought in.
    today = date.fromisoformat(kept["settled_on"]) if "settled_on" in kept else datetime.now(UTC).date()
    the_story = story(today)
    population = Population(seed=SEED, children=children, today=today)
    if kept.get("children", 0) >= children > 0:
        return the_story
    if kept.get("children", 0):
        cast.say(f"{kept['children']} children are here already; `make clean` first for another number")
        return the_story
    begun_at = time.monotonic()
    providers = _register(cast, (*STORY_PROVIDERS, *OWN_TEAMS.values(), *population.providers))
    cast.say(f"{len(providers)} schools, practices and teams registered in {time.monotonic() - begun_at:.1f} s")
    supplier = cast.outside(SUPPLIER)
    for child in the_story:
        key, row = _key(cast, f"story {child.key}"), _supplied(child, providers)
        supplier.call(supplier.supply.SupplyRows, pb.SupplyRowsRequest(idempotency_key=key, children=[row]))
    begun_at = time.monotonic()
    taken = _supply(cast, supplier, population, providers)
    seconds = time.monotonic() - begun_at
    cast.say(f"{taken} children supplied in {seconds:.1f} s ({taken / seconds:.0f} a second)")
    suite.write_endpoints(
        {"children": taken, "settled_on": today.isoformat(), "supplied_a_second": round(taken / seconds)}
    )
    return the_story


def _register(cast: Cast, providers: Iterable[Provider]) -> dict[int, str]:
    """Return the ids of providers by their keys, once the centre has registered each."""
    outside = cast.signed_in(ADMINISTRATOR)
    organisations = {team.key: cast.organisations[name] for name, team in OWN_TEAMS.items()}

    def register(provider: Provider) -> tuple[int, str]:
        request = pb.RegisterProviderRequest(
            idempotency_key=_key(cast, f"provider {provider.key}"),
            name=provider.name,
            kind=_PROVIDER_KINDS[provider.kind],
            telephone=provider.telephone,
            telephone_out_of_hours=provider.telephone_out_of_hours,
            email=provider.email,
            authority=provider.authority,
            urn=provider.urn,
            ods_code=provider.ods_code,
            organisation_id=organisations.get(provider.key, ""),
        )
        return provider.key, outside.call(outside.providers.RegisterProvider, request).provider_id

    with ThreadPoolExecutor(_SENDERS) as senders:
        return dict(senders.map(register, providers))


def _supply(cast: Cast, supplier: Outside, population: Population, providers: dict[int, str]) -> int:
    def send(numbered: tuple[int, list[pb.SuppliedChild]]) -> int:
        number, batch = numbered
        request = pb.SupplyRowsRequest(idempotency_key=_key(cast, f"batch {number}"), children=batch)
        return supplier.call(supplier.supply.SupplyRows, request).taken

    taken, said_at = 0, time.monotonic()
    with ThreadPoolExecutor(_SENDERS) as senders:
        # A few batches ahead and no more, so that a million children cost no memory.
        for group in _grouped(enumerate(_batches(population, providers)), 2 * _SENDERS):
            taken += sum(senders.map(send, group))
            if time.monotonic() - said_at > 5:  # noqa: PLR2004  # a line every five seconds
                said_at = time.monotonic()
                cast.say(f"  {taken} children so far")
    return taken


def _key(cast: Cast, act: str) -> str:
    """Return the key of an act that is the same when an interrupted settlement goes on, and another elsewhere."""
    return str(uuid.uuid5(uuid.UUID(cast.organisations[SUPPLIER]), act))


def _batches(population: Population, providers: dict[int, str]) -> Iterator[list[pb.SuppliedChild]]:
    return _grouped((_supplied(child, providers) for child in population), BATCH)


def _grouped(items: Iterable[T], size: int) -> Iterator[list[T]]:
    waiting = iter(items)
    while group := list(islice(waiting, size)):
        yield group


def _supplied(child: Child, providers: dict[int, str]) -> pb.SuppliedChild:
    row = pb.SuppliedChild(
        name=child_name(child),
        former_names=[
            pb.ChildName(full=pb.FullName(surname=name.surname, given_names=name.given_names))
            for name in child.former_names
        ],
        date_of_birth=date_of_birth(child),
        gender=_GENDERS[child.gender],
        authority=child.authority,
        address=pb.Address(
            state=_ADDRESS_STATES[child.address.state], lines=child.address.lines, postcode=child.address.postcode
        ),
        carers=[pb.Carer(name=carer.name, telephone=carer.telephone, email=carer.email) for carer in child.carers],
        education_state=_EDUCATION_STATES[child.education.state],
        involvements=[
            pb.SuppliedInvolvement(
                kind=_INVOLVEMENT_KINDS[involvement.kind],
                provider_id=providers[involvement.provider.key],
                practitioner=involvement.practitioner.name,
                telephone=involvement.practitioner.telephone,
                email=involvement.practitioner.email,
                start_date=_day(involvement.start_date),
                last_confirmed_at=_noon(involvement.last_confirmed),
                is_lead_professional=involvement.is_lead_professional,
                has_common_assessment=involvement.has_common_assessment,
            )
            for involvement in child.involvements
        ],
    )
    if child.education.school is not None:
        row.school_urn = child.education.school.urn
        if child.education.start_date is not None:
            row.school_start_date.CopyFrom(_day(child.education.start_date))
    if child.gp is not None:
        row.gp_ods_code = child.gp.practice.ods_code
        row.gp_start_date.CopyFrom(_day(child.gp.start_date))
    return row


def child_name(child: Child) -> pb.ChildName:
    """Return a child's name for the wire, in one of its three shapes."""
    if child.is_not_yet_named:
        return pb.ChildName(not_yet_named=child.name.surname)
    if child.is_one_name_only:
        return pb.ChildName(single=child.name.surname)
    return pb.ChildName(full=pb.FullName(surname=child.name.surname, given_names=child.name.given_names))


def date_of_birth(child: Child) -> pb.DateOfBirth:
    """Return a date of birth for the wire, as far as it is known."""
    born = child.date_of_birth
    return pb.DateOfBirth(
        year=born.year,
        month=born.month if child.precision is not Precision.YEAR else 0,
        day=born.day if child.precision is Precision.DAY else 0,
        is_estimated=child.precision is not Precision.DAY,
    )


def _day(day: date) -> pb.DateOfBirth:
    return pb.DateOfBirth(year=day.year, month=day.month, day=day.day)


def _noon(day: date) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    return made
