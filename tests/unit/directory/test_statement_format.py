"""Statements come back from their bytes as they went in, and nothing else is taken for one."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from services.directory.errors import RecordDamaged
from services.directory.storage.statement_format import decoded, encoded

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
UUIDS = st.uuids()
MOMENTS = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
LATER = st.integers(1, 4_000_000_000_000).map(lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
NAMES = st.one_of(
    st.builds(ChildName.full, TEXTS, TEXTS),
    st.builds(ChildName.single, TEXTS),
    st.builds(ChildName.not_yet_named, TEXTS),
)
DATES = st.builds(DateOfBirth, st.integers(1900, 2200), st.integers(0, 12), st.integers(0, 31), st.booleans())
INVOLVEMENTS = st.builds(
    Involvement,
    involvement_id=UUIDS,
    kind=st.sampled_from(InvolvementKind),
    provider_id=UUIDS,
    practitioner=TEXTS,
    telephone=TEXTS,
    email=TEXTS,
    start_date=st.none() | DATES,
    confirmed_at=MOMENTS,
    end_date=st.none() | DATES,
    lead_claimed_at=st.none() | LATER,
    has_common_assessment=st.booleans(),
)
CONTENTS: st.SearchStrategy[Content] = st.one_of(
    st.builds(Identity, name=NAMES, date_of_birth=DATES, gender=st.sampled_from(Gender)),
    st.builds(
        Services,
        former_names=st.lists(NAMES, max_size=3).map(tuple),
        education=st.none()
        | st.builds(Education, provider_id=UUIDS, start_date=st.none() | DATES)
        | st.builds(Education, state=st.sampled_from(EducationState)),
        gp_practice=st.none() | st.builds(Practice, provider_id=UUIDS, start_date=st.none() | DATES),
        involvements=st.lists(INVOLVEMENTS, max_size=3).map(tuple),
        reports=st.lists(st.builds(Report, involvement_id=UUIDS, reported_at=MOMENTS), max_size=3).map(tuple),
    ),
    st.builds(
        Home,
        address=st.none()
        | st.builds(
            Address, state=st.sampled_from(AddressState), lines=st.lists(TEXTS, max_size=5).map(tuple), postcode=TEXTS
        ),
        carers=st.lists(st.builds(Carer, name=TEXTS, telephone=TEXTS, email=TEXTS), max_size=3).map(tuple),
    ),
)


@given(CONTENTS, UUIDS, MOMENTS, MOMENTS)
def test_what_goes_in_comes_out(content: Content, source: UUID, supplied_at: datetime, confirmed_at: datetime) -> None:
    statement = Statement(source=source, supplied_at=supplied_at, confirmed_at=confirmed_at, content=content)
    assert decoded(encoded(statement), source) == statement


@given(st.binary(max_size=60))
def test_garbage_is_damage(content: bytes) -> None:
    try:
        decoded(content, UUID(int=1))
    except RecordDamaged:
        return
    assert content.startswith(b"\x08\x01")


@pytest.mark.parametrize("content", [b"", b"\x08\x02", b"\x08\x01"])
def test_another_format_or_no_section_is_damage(content: bytes) -> None:
    with pytest.raises(RecordDamaged):
        decoded(content, UUID(int=1))
