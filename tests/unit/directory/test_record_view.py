"""The rules by which a record is composed of what each source said."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain import record
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender
from services.directory.domain.statements import (
    Address,
    AddressState,
    Carer,
    Content,
    Education,
    EducationState,
    Home,
    Identity,
    Involvement,
    InvolvementKind,
    Practice,
    Report,
    Services,
    Statement,
)
from tests.builders.directory import PRACTICE, SCHOOL, TEAM

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
KNOWN = {one.provider_id: one for one in (SCHOOL, PRACTICE, TEAM)}
A, B, C = (UUID(int=n) for n in (1, 2, 3))
WHO = Identity(name=ChildName.full("Lovelace", "Ada"), date_of_birth=DateOfBirth(2015), gender=Gender.FEMALE)


def said(content: Content, source: UUID = A, at: datetime = NOW) -> Statement:
    return Statement(source=source, supplied_at=at, confirmed_at=at, content=content)


def works(number: int, kind: InvolvementKind = InvolvementKind.ADDITIONAL, **changed: object) -> Involvement:
    return Involvement(
        **{  # type: ignore[arg-type]
            "involvement_id": UUID(int=number),
            "kind": kind,
            "provider_id": TEAM.provider_id,
            "practitioner": "Sam Field",
            "telephone": "",
            "email": "",
            "start_date": None,
            "confirmed_at": NOW,
            **changed,
        }
    )


def view(*statements: Statement, viewer: UUID = C) -> record.RecordView:
    shown = record.record(1, [said(WHO), *statements], KNOWN, viewer=viewer, now=NOW)
    assert shown is not None
    return shown


def test_there_is_no_record_of_nobody() -> None:
    assert record.record(1, [said(Services())], KNOWN, viewer=A, now=NOW) is None
    assert record.limited_record(1, [said(Home())]) is None


@given(st.permutations(range(6)))
def test_the_order_in_which_boxes_lay_makes_no_difference(order: list[int]) -> None:
    statements = [
        said(WHO, A, NOW - 9 * DAY),
        said(Identity(name=ChildName.single("Ada"), date_of_birth=DateOfBirth(2015), gender=Gender.FEMALE), B),
        said(Services(involvements=(works(1), works(2))), A),
        said(Services(involvements=(works(3),), former_names=(ChildName.single("Bo"),)), B),
        said(Services(education=Education(provider_id=SCHOOL.provider_id)), C),
        said(Services(gp_practice=Practice(provider_id=PRACTICE.provider_id)), UUID(int=4)),
    ]
    shuffled = [statements[place] for place in order]
    one = record.record(1, statements, KNOWN, viewer=A, now=NOW)
    assert one == record.record(1, shuffled, KNOWN, viewer=A, now=NOW)


def test_the_newest_identity_is_believed() -> None:
    newer = Identity(name=ChildName.full("King", "Ada"), date_of_birth=DateOfBirth(2015), gender=Gender.FEMALE)
    assert view(said(newer, B, NOW + DAY)).identity == newer
    assert view(said(newer, B, NOW - DAY)).identity == WHO


def test_former_names_are_shown_once_and_never_the_current_one() -> None:
    names = (ChildName.full("King", "Ada"), WHO.name)
    shown = view(said(Services(former_names=names), A), said(Services(former_names=names), B)).former_names
    assert shown == (names[0],)


def test_the_newest_claim_to_lead_wins_and_stands_first() -> None:
    first, second = works(1, lead_claimed_at=NOW - 2 * DAY), works(2, lead_claimed_at=NOW - DAY)
    shown = view(said(Services(involvements=(first,)), A), said(Services(involvements=(second,)), B)).involvements
    assert [(one.involvement.involvement_id.int, one.is_lead_professional) for one in shown] == [(2, True), (1, False)]


def test_an_involvement_that_ended_neither_shows_nor_leads() -> None:
    gone = works(1, lead_claimed_at=NOW, end_date=DateOfBirth(2026, 5, 1))
    shown = view(said(Services(involvements=(gone, works(2, lead_claimed_at=NOW - DAY))))).involvements
    assert [(one.involvement.involvement_id.int, one.is_lead_professional) for one in shown] == [(2, True)]


def test_kinds_have_an_order() -> None:
    kinds = list(InvolvementKind)
    mixed = tuple(works(number, kind) for number, kind in enumerate(reversed(kinds), 1))
    assert [one.involvement.kind for one in view(said(Services(involvements=mixed))).involvements] == kinds


@pytest.mark.parametrize(
    "confirmed, today, is_old",
    [
        (datetime(2025, 6, 2, tzinfo=UTC), datetime(2026, 6, 1, 22, 59, tzinfo=UTC), False),
        # 23:00 UTC in summer is tomorrow in London.
        (datetime(2025, 6, 2, tzinfo=UTC), datetime(2026, 6, 1, 23, 1, tzinfo=UTC), True),
        (datetime(2025, 6, 2, tzinfo=UTC), datetime(2026, 6, 2, 9, tzinfo=UTC), True),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2025, 2, 28, 12, tzinfo=UTC), False),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), datetime(2025, 3, 1, 12, tzinfo=UTC), True),
    ],
)
def test_twelve_months_without_confirmation(confirmed: datetime, today: datetime, is_old: bool) -> None:
    assert record.is_unconfirmed(confirmed, today) is is_old


def test_a_report_holds_until_the_owner_mends_it() -> None:
    report = Services(reports=(Report(involvement_id=UUID(int=1), reported_at=NOW - DAY),))

    def is_wrong(confirmed_at: datetime) -> bool:
        own = Services(involvements=(works(1, confirmed_at=confirmed_at),))
        (shown,) = view(said(own, A), said(report, B)).involvements
        return shown.is_reported_wrong

    assert is_wrong(NOW - 2 * DAY)
    assert is_wrong(NOW - DAY)
    assert not is_wrong(NOW)


def test_a_report_of_a_school_or_practice_holds_until_it_is_stated_anew() -> None:
    school = Services(
        education=Education(provider_id=SCHOOL.provider_id), gp_practice=Practice(provider_id=PRACTICE.provider_id)
    )

    def are_wrong(reported: UUID, stated_at: datetime) -> tuple[bool, bool]:
        report = Services(reports=(Report(involvement_id=reported, reported_at=NOW - DAY),))
        shown = view(said(school, A, stated_at), said(report, B))
        assert shown.education is not None
        assert shown.gp_practice is not None
        return shown.education.is_reported_wrong, shown.gp_practice.is_reported_wrong

    assert are_wrong(SCHOOL.provider_id, NOW - 2 * DAY) == (True, False)
    assert are_wrong(PRACTICE.provider_id, NOW - 2 * DAY) == (False, True)
    assert are_wrong(SCHOOL.provider_id, NOW) == (False, False)
    assert are_wrong(uuid.uuid4(), NOW - 2 * DAY) == (False, False)


def test_a_report_of_what_is_not_there_shows_nothing() -> None:
    report = Services(reports=(Report(involvement_id=UUID(int=9), reported_at=NOW),))
    assert view(said(report)).involvements == ()


def test_what_the_viewers_organisation_recorded_is_its_own() -> None:
    own, other = said(Services(involvements=(works(1),)), A), said(Services(involvements=(works(2),)), B)
    shown = view(own, other, viewer=A).involvements
    assert {one.involvement.involvement_id.int: one.is_own for one in shown} == {1: True, 2: False}


def test_education_is_the_newest_that_knows() -> None:
    school = Services(education=Education(provider_id=SCHOOL.provider_id))
    at_home = Services(education=Education(state=EducationState.HOME_EDUCATED))
    not_known = Services(education=Education(state=EducationState.NOT_KNOWN))
    shown = view(said(school, A, NOW - DAY), said(not_known, B)).education
    assert shown is not None
    assert shown.setting == SCHOOL
    shown = view(said(school, A, NOW - DAY), said(at_home, B)).education
    assert shown is not None
    assert shown.state is EducationState.HOME_EDUCATED


def test_a_place_of_an_unknown_provider_is_neutral() -> None:
    lost = uuid.uuid4()
    shown = view(said(Services(education=Education(provider_id=lost), gp_practice=Practice(provider_id=lost))))
    assert shown.education is not None
    assert (shown.education.setting, shown.education.state) == (None, None)
    assert shown.gp_practice is not None
    assert shown.gp_practice.practice is None


def test_a_home_is_the_newest_address_and_each_carer_once() -> None:
    none_known = Home(address=Address(state=AddressState.NONE_KNOWN), carers=(Carer(name="anne  lovelace"),))
    known = Home(
        address=Address(state=AddressState.LAST_KNOWN, postcode="ZZ1 1AA"),
        carers=(Carer(name="Anne Lovelace", telephone="1"), Carer(name="Will King")),
    )
    shown = record.home([said(known, A, NOW - DAY), said(none_known, B)])
    assert shown.address == known.address
    assert [one.name for one in shown.carers] == ["anne  lovelace", "Will King"]


def test_lists_are_bounded() -> None:
    sources = [UUID(int=n) for n in range(10, 20)]
    numbers = itertools.count(1)
    many = [said(Services(involvements=tuple(works(next(numbers)) for _ in range(12))), source) for source in sources]
    assert len(view(*many).involvements) == record.MOST_INVOLVEMENTS
