"""The record that is shown: composed from what each source said, newest first, by rules that anyone can read here."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName
from services.directory.domain.providers import Provider
from services.directory.domain.statements import (
    Address,
    AddressState,
    Carer,
    Education,
    EducationState,
    Home,
    Identity,
    Involvement,
    InvolvementKind,
    Practice,
    Services,
    Statement,
)

MONTHS_UNTIL_UNCONFIRMED = 12
DAYS_DUE_BEFORE_UNCONFIRMED = 30
MOST_FORMER_NAMES = 20
MOST_INVOLVEMENTS = 60
MOST_CARERS = 12
_LONDON = ZoneInfo("Europe/London")

Providers = Mapping[UUID, Provider]


@dataclass(frozen=True, kw_only=True)
class EducationView:
    """The school with its numbers, or why there is none; neither where the provider is not known."""

    setting: Provider | None
    state: EducationState | None
    start_date: DateOfBirth | None
    is_reported_wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class PracticeView:
    """The GP practice with its numbers; none where the provider is not known."""

    practice: Provider | None
    start_date: DateOfBirth | None
    is_reported_wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class InvolvementView:
    """One involvement as it is shown."""

    involvement: Involvement
    provider: Provider | None
    """None where the provider is not known: the line stays, and is neutral."""
    is_unconfirmed: bool
    is_reported_wrong: bool
    is_lead_professional: bool
    is_own: bool
    """The viewer's organisation recorded it."""
    is_mine: bool = False
    """It is the viewing person's own."""


@dataclass(frozen=True, kw_only=True)
class RecordView:
    """Who works with one child."""

    number: int
    identity: Identity
    is_limited: bool
    former_names: tuple[ChildName, ...] = ()
    education: EducationView | None = None
    gp_practice: PracticeView | None = None
    involvements: tuple[InvolvementView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HomeView:
    """The home, as far as it is known; empty of a limited record."""

    is_limited: bool
    address: Address | None = None
    carers: tuple[Carer, ...] = ()


def limited_record(number: int, statements: Iterable[Statement]) -> RecordView | None:
    """Return the limited form: number, current name, date of birth, gender; None if nobody said who the child is."""
    identity = _identity(statements)
    return None if identity is None else RecordView(number=number, identity=identity, is_limited=True)


def record(
    number: int,
    statements: Sequence[Statement],
    providers: Providers,
    *,
    viewer: UUID,
    now: datetime,
    own: Container[UUID] = (),
) -> RecordView | None:
    """Return the whole record as `viewer`, an organisation, sees it; None if nobody said who the child is.

    `own` are the viewing person's own involvements.
    Of two sources the one that confirmed last is believed; one that knows goes before one that says "not known".
    """
    identity = _identity(statements)
    if identity is None:
        return None
    stated = [(one, one.content) for one in _newest_first(statements) if isinstance(one.content, Services)]
    schools = [(one, services.education) for one, services in stated if services.education is not None]
    practices = [(one, services.gp_practice) for one, services in stated if services.gp_practice is not None]
    reports = _Reports.of(services for _, services in stated)
    return RecordView(
        number=number,
        identity=identity,
        is_limited=False,
        former_names=_former_names((services for _, services in stated), identity.name),
        education=_education(schools, providers, reports),
        gp_practice=_practice(*practices[0], providers, reports) if practices else None,
        involvements=_involvements(stated, providers, reports, viewer=viewer, now=now, own=own),
    )


def home(statements: Sequence[Statement]) -> HomeView:
    """Return the home: the newest address, a known one before none, and each carer once, the newest source first."""
    stated = [one.content for one in _newest_first(statements) if isinstance(one.content, Home)]
    addresses = [content.address for content in stated if content.address is not None]
    addresses.sort(key=_address_rank)
    carers: dict[str, Carer] = {}
    for content in stated:
        for carer in content.carers:
            carers.setdefault(" ".join(carer.name.casefold().split()), carer)
    return HomeView(
        is_limited=False,
        address=addresses[0] if addresses else None,
        carers=tuple(carers.values())[:MOST_CARERS],
    )


def is_unconfirmed(confirmed_at: datetime, now: datetime) -> bool:
    """Whether twelve calendar months, by London's days, have passed since `confirmed_at`."""
    confirmed, today = confirmed_at.astimezone(_LONDON).date(), now.astimezone(_LONDON).date()
    anniversary = (confirmed.year + MONTHS_UNTIL_UNCONFIRMED // 12, confirmed.month, confirmed.day)
    return (today.year, today.month, today.day) >= anniversary


def due_before(now: datetime) -> datetime:
    """Return the moment before which an involvement was last confirmed that is due for confirmation.

    Due is what is unconfirmed already, and what will be within thirty days: time to do it between two appointments.
    """
    soon = now.astimezone(_LONDON).date() + timedelta(days=DAYS_DUE_BEFORE_UNCONFIRMED)
    year = soon.year - MONTHS_UNTIL_UNCONFIRMED // 12
    try:
        last = soon.replace(year=year)
    except ValueError:
        last = soon.replace(year=year, day=28)
    return datetime.combine(last + timedelta(days=1), time(), _LONDON)


def _newest_first(statements: Iterable[Statement]) -> list[Statement]:
    # The source's id breaks ties, so that the order never depends on how the boxes lay.
    return sorted(statements, key=lambda one: (one.confirmed_at, one.source.bytes), reverse=True)


def _identity(statements: Iterable[Statement]) -> Identity | None:
    return next((one.content for one in _newest_first(statements) if isinstance(one.content, Identity)), None)


def _former_names(stated: Iterable[Services], current: ChildName) -> tuple[ChildName, ...]:
    found = dict.fromkeys(name for services in stated for name in services.former_names)
    found.pop(current, None)
    return tuple(found)[:MOST_FORMER_NAMES]


@dataclass(frozen=True, slots=True)
class _Reports:
    """When the contact of an involvement, a school or a practice was last reported not to answer, by any source."""

    newest: Mapping[UUID, datetime]

    @classmethod
    def of(cls, stated: Iterable[Services]) -> _Reports:
        newest: dict[UUID, datetime] = {}
        for services in stated:
            for report in services.reports:
                known = newest.get(report.involvement_id, report.reported_at)
                newest[report.involvement_id] = max(known, report.reported_at)
        return cls(newest)

    def stands(self, reported: UUID | None, *, confirmed_at: datetime) -> bool:
        """Whether it was reported, and its owner has not confirmed it since."""
        at = self.newest.get(reported) if reported is not None else None
        return at is not None and at >= confirmed_at


def _education(
    stated: Sequence[tuple[Statement, Education]], providers: Providers, reports: _Reports
) -> EducationView | None:
    if not stated:
        return None
    # Stable: among those that know, and among those that do not, the newest stays first.
    statement, best = min(stated, key=lambda one: one[1].state is EducationState.NOT_KNOWN)
    setting = providers.get(best.provider_id) if best.provider_id is not None else None
    return EducationView(
        setting=setting,
        state=best.state,
        start_date=best.start_date,
        is_reported_wrong=reports.stands(best.provider_id, confirmed_at=statement.confirmed_at),
    )


def _practice(statement: Statement, stated: Practice, providers: Providers, reports: _Reports) -> PracticeView:
    return PracticeView(
        practice=providers.get(stated.provider_id),
        start_date=stated.start_date,
        is_reported_wrong=reports.stands(stated.provider_id, confirmed_at=statement.confirmed_at),
    )


def _involvements(
    stated: Sequence[tuple[Statement, Services]],
    providers: Providers,
    reports: _Reports,
    *,
    viewer: UUID,
    now: datetime,
    own: Container[UUID],
) -> tuple[InvolvementView, ...]:
    current = [
        (statement.source, involvement)
        for statement, services in stated
        for involvement in services.involvements
        if involvement.end_date is None
    ]
    claims = [(one.lead_claimed_at, one.involvement_id.bytes) for _, one in current if one.lead_claimed_at is not None]
    lead = max(claims)[1] if claims else None
    views = [
        InvolvementView(
            involvement=one,
            provider=providers.get(one.provider_id),
            is_unconfirmed=is_unconfirmed(one.confirmed_at, now),
            is_reported_wrong=reports.stands(one.involvement_id, confirmed_at=one.confirmed_at),
            is_lead_professional=one.involvement_id.bytes == lead,
            is_own=source == viewer,
            is_mine=one.involvement_id in own,
        )
        for source, one in current
    ]
    return tuple(sorted(views, key=_shown_order)[:MOST_INVOLVEMENTS])


def _shown_order(view: InvolvementView) -> tuple[bool, int, bool, float, bytes]:
    one = view.involvement
    return (
        not view.is_lead_professional,
        _KIND_ORDER[one.kind],
        view.is_unconfirmed,
        -one.confirmed_at.timestamp(),
        one.involvement_id.bytes,
    )


def _address_rank(address: Address) -> int:
    return _ADDRESS_ORDER.get(address.state, 1)


_KIND_ORDER = {kind: kind.value for kind in InvolvementKind}
_ADDRESS_ORDER = {AddressState.NONE_KNOWN: 2}
"""All that say something are alike: the newest is believed. "None known" gives way to any."""
