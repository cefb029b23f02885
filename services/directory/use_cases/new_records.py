"""How what is said of a new child becomes its first statements and its entries in the index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.directory.domain.candidates import Entry
from services.directory.domain.naming import uuid_of
from services.directory.domain.statements import (
    Content,
    Education,
    Home,
    Identity,
    Involvement,
    Practice,
    Section,
    Services,
    Statement,
)
from services.directory.domain.supplied import SuppliedChild, SuppliedInvolvement
from services.directory.ports import Children, NewChild, ProviderList, StatementWrite
from services.runtime.errors import DependencyUnavailable


@dataclass(frozen=True, kw_only=True)
class NewRecords:
    """Turns supplied children into what is written."""

    children: Children

    def entries(self, number: int, child: SuppliedChild) -> Iterator[Entry]:
        """Yield the index entries of a child: the current name, then the former ones."""
        tag = self.children.postcode_tag(number, child.postcode)
        for place, name in enumerate((child.name, *child.former_names)):
            yield Entry(
                number=number,
                is_former=place > 0,
                name=name,
                date_of_birth=child.date_of_birth,
                gender=child.gender,
                postcode_tag=tag,
            )


def contents(
    child: SuppliedChild, providers: ProviderList, *, act_id: bytes, place: int, now: datetime
) -> list[Content]:
    """Return what the source says in each section that it says anything in; `place` is the child's in its batch."""
    found: list[Content] = [Identity(name=child.name, date_of_birth=child.date_of_birth, gender=child.gender)]
    education = _education(child, providers)
    practice = _practice(child, providers)
    if Section.SERVICES in sections(child):
        found.append(
            Services(
                former_names=child.former_names,
                education=education,
                gp_practice=practice,
                involvements=tuple(
                    _involvement(one, uuid_of(act_id, f"involvement/{place}/{index}"), now)
                    for index, one in enumerate(child.involvements)
                ),
            )
        )
    if Section.HOME in sections(child):
        found.append(Home(address=child.address, carers=child.carers))
    return found


def sections(child: SuppliedChild) -> tuple[Section, ...]:
    """Return the sections in which something is said of a child."""
    says_services = (
        child.former_names
        or child.school_urn
        or child.education_state is not None
        or child.gp_ods_code
        or child.involvements
    )
    says_home = child.address is not None or child.carers
    return (
        Section.IDENTITY,
        *((Section.SERVICES,) if says_services else ()),
        *((Section.HOME,) if says_home else ()),
    )


def writes(child: NewChild, said: Sequence[Content], *, source: UUID, now: datetime) -> list[StatementWrite]:
    """Return the first statements of a child, each with its key; raises DependencyUnavailable if a key is missing."""
    keys = {key.section: key for key in child.keys}
    found = []
    for content in said:
        statement = Statement(source=source, supplied_at=now, confirmed_at=now, content=content)
        key = keys.get(statement.section)
        if key is None or key.source != source:
            raise DependencyUnavailable
        found.append(StatementWrite(number=child.number, statement=statement, pending=key))
    return found


def _education(child: SuppliedChild, providers: ProviderList) -> Education | None:
    if child.school_urn:
        provider_id = providers.by_urn[child.school_urn].provider_id
        return Education(provider_id=provider_id, start_date=child.school_start_date)
    return Education(state=child.education_state) if child.education_state is not None else None


def _practice(child: SuppliedChild, providers: ProviderList) -> Practice | None:
    if not child.gp_ods_code:
        return None
    return Practice(provider_id=providers.by_ods_code[child.gp_ods_code].provider_id, start_date=child.gp_start_date)


def _involvement(said: SuppliedInvolvement, involvement_id: UUID, now: datetime) -> Involvement:
    confirmed_at = min(said.last_confirmed_at or now, now)
    return Involvement(
        involvement_id=involvement_id,
        kind=said.kind,
        provider_id=said.provider_id,
        practitioner=said.practitioner,
        telephone=said.telephone,
        email=said.email,
        start_date=said.start_date,
        confirmed_at=confirmed_at,
        lead_claimed_at=confirmed_at if said.is_lead_professional else None,
        has_common_assessment=said.has_common_assessment,
    )
