"""What a page weighs at its fullest, as it crosses the line: headers included, for no page is compressed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding
from google.protobuf.timestamp_pb2 import Timestamp

from tests.unit.web.pages import children
from tests.unit.web.pages.presses import Shown, press, see
from tests.unit.web.standing_alone import Pages, a_visitor

NOON = datetime(2027, 1, 12, 12, 0, tzinfo=UTC)
MOST_BYTES = 15_000
# Twenty rows in which each has two handles, a form or a proof, and which nobody reads in a hurry.
MOST_BYTES_OF_A_LIST = 25_000
# The status line, and what uvicorn says beside our headers: the date.
_AROUND_BYTES = 60
SEARCH = {"surname": "Thistlethwaite", "born-day": "4", "born-month": "3", "born-year": "2021"}
# The demonstration's population has seven at most.
INVOLVED = 12


@pytest.fixture(autouse=True)
def answers(pages: Pages) -> None:
    pages.clock.at = NOON
    pages.edge.answers["OpenRecord"] = lambda _: _record()
    pages.edge.answers["SearchChildren"] = lambda _: children.found(*(children.row(bytes([n]) * 64) for n in range(20)))
    pages.edge.answers["ListOwnChildren"] = lambda _: _own_children()
    pages.edge.answers["ListOwnLooks"] = lambda _: _own_looks()
    pages.edge.answers["ListShieldCases"] = lambda _: _cases()
    pages.edge.answers["NamePeople"] = _names
    pages.edge.answers["IdentifyChild"] = lambda _: pb.IdentifyChildResponse(handle=children.HANDLE)
    pages.edge.answers["WhoLookedAt"] = lambda _: _looks()


def _results(pages: Pages) -> Shown:
    return press(pages, see(pages, "/search"), "Search", SEARCH)


def _opened(pages: Pages) -> Shown:
    asking = press(pages, _results(pages), "Open")
    return press(pages, asking, "Open the record", {"reason": "SAFEGUARDING_CONCERN"})


def _identified(pages: Pages) -> Shown:
    said = {"number": "62497 68358", "surname": "Thistlethwaite", "given-names": "Maisie", "reason": "RECORD_KEEPING"}
    born = {"date-of-birth-day": "4", "date-of-birth-month": "3", "date-of-birth-year": "2021"}
    return press(pages, see(pages, "/who-looked"), "See who looked", {**said, **born})


@pytest.mark.parametrize(
    "name, role, most_bytes, fullest",
    [
        ("a record", "ROLE_PRACTITIONER", MOST_BYTES, _opened),
        ("results of a search", "ROLE_PRACTITIONER", MOST_BYTES, _results),
        ("my looks", "ROLE_PRACTITIONER", MOST_BYTES, lambda pages: see(pages, "/own-looks")),
        ("my children", "ROLE_PRACTITIONER", MOST_BYTES_OF_A_LIST, lambda pages: see(pages, "/children")),
        ("shield cases", "ROLE_SHIELD_OFFICER", MOST_BYTES_OF_A_LIST, lambda pages: see(pages, "/shield-cases")),
        ("who looked", "ROLE_AUDITOR", MOST_BYTES_OF_A_LIST, _identified),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_page_at_its_fullest_is_small(  # noqa: PLR0917  # the page, and what is said of it
    pages: Pages,
    name: str,
    role: str,
    most_bytes: int,
    fullest: Callable[[Pages], Shown],
    record_property: Callable[[str, object], None],
) -> None:
    since = {"signed_in_at": NOON, "expires_at": NOON + timedelta(hours=12), "used_at": NOON}
    pages.sign_in(a_visitor(roles=(role,), **since))
    shown = fullest(pages)
    assert shown.answer.status == 200
    assert shown.answer.text.count("<h3") + shown.answer.text.count("<li") > INVOLVED
    head = sum(len(key) + len(value) + len(": \r\n") for key, value in shown.answer.headers)
    weight = head + len(shown.answer.text.encode()) + _AROUND_BYTES
    record_property("figure", f"{name}: {weight} bytes")
    assert weight <= most_bytes, weight


def _at(days: int = 0) -> Timestamp:
    at = Timestamp()
    at.FromDatetime(NOON - timedelta(days=days))
    return at


def _id(place: int) -> str:
    return str(uuid.UUID(int=place + 2**100, version=4))


def _involved(place: int) -> pb.Involvement:
    # As the demonstration has them: a number of one's own by day, the team's, a duty number of every other team.
    name = f"Children’s Social Care, East Leeds {place}"
    team = pb.ProviderContact(
        provider_id=_id(100 + place),
        name=name,
        kind=pb.PROVIDER_KIND_SOCIAL_CARE,
        telephone=f"0113 496 0{900 + place}",
        telephone_out_of_hours="" if place % 2 else f"0808 157 0{900 + place}",
    )
    return pb.Involvement(
        involvement_id=_id(place),
        provider=team,
        practitioner=f"Gwenllian Campbell {place}",
        telephone=f"0113 496 0{950 + place}",
        email=f"gwenllian.campbell{place}@social-care.leeds.example",
        start_date=pb.DateOfBirth(year=2025, month=11, day=22),
        last_confirmed_at=_at(70),
        is_lead_professional=place == 0,
        has_common_assessment=place == 0,
        is_own=place == 1,
    )


def _record() -> pb.OpenRecordResponse:
    record = children.record(*(_involved(place) for place in range(INVOLVED)))
    school = pb.ProviderContact(
        provider_id=_id(400),
        name="St Hilda’s Church of England Primary School",
        kind=pb.PROVIDER_KIND_SCHOOL,
        telephone="0113 496 0001",
        email="office@st-hildas.leeds.example",
    )
    practice = pb.ProviderContact(
        provider_id=_id(401),
        name="Harehills Corner Surgery",
        kind=pb.PROVIDER_KIND_GP_PRACTICE,
        telephone="0113 496 0002",
        telephone_out_of_hours="0808 157 0002",
        email="reception@harehills.leeds.example",
    )
    since = pb.DateOfBirth(year=2024, month=9, day=4)
    record.education.CopyFrom(pb.Education(setting=school, start_date=since))
    record.gp_practice.CopyFrom(pb.GpPractice(practice=practice, start_date=since))
    record.former_names.add(full=pb.FullName(surname="Cotterell", given_names="Ellie"))
    return record


def _own_children() -> pb.ListOwnChildrenResponse:
    rows = [
        pb.OwnChildRow(
            handle=bytes([place]) * 64,
            involvement_id=_id(place),
            name=children.MAISIE,
            date_of_birth=children.BORN,
            gender=pb.GENDER_FEMALE,
            last_confirmed_at=_at(place),
            is_due=place < 10,
        )
        for place in range(20)
    ]
    return pb.ListOwnChildrenResponse(rows=rows, total=45, due=20, next_page_token=b"t" * 64)


def _own_looks() -> review.ListOwnLooksResponse:
    looks = [
        review.OwnLook(
            at=_at(place),
            act="/contactpoint.directory.v1.DirectoryService/OpenRecord",
            reason_code="SAFEGUARDING_CONCERN",
            number=children.NUMBER,
            outcome="ALLOWED",
        )
        for place in range(20)
    ]
    return review.ListOwnLooksResponse(looks=looks, next_page_token=b"t" * 64)


def _cases() -> shielding.ListShieldCasesResponse:
    cases = [
        shielding.ShieldCase(
            case_id=_id(place),
            state=shielding.SHIELD_STATE_INTERIM,
            ground=shielding.GROUND_DOMESTIC_ABUSE,
            opened_at=_at(place),
            opened_by=_id(200 + place),
            due_at=_at(place - 7),
        )
        for place in range(20)
    ]
    return shielding.ListShieldCasesResponse(cases=cases, next_page_token=b"t" * 64)


def _looks() -> review.WhoLookedAtResponse:
    looks = [
        review.Look(
            at=_at(place),
            act="/contactpoint.directory.v1.DirectoryService/OpenRecord",
            person=_id(200 + place),
            role=access.ROLE_PRACTITIONER,
            organisation=_id(300),
            reason_code="SAFEGUARDING_CONCERN",
            outcome="ALLOWED",
            proof=review.EntryProof(index=123_456 + place, body=b"b", salt=b"s"),
        )
        for place in range(20)
    ]
    return review.WhoLookedAtResponse(looks=looks, total=45, next_page_token=b"t" * 64)


def _names(request: Any) -> identity.NamePeopleResponse:
    people = [identity.NamedPerson(person_id=one, name="Gwenllian Campbell") for one in request.person_ids]
    places = [
        identity.NamedOrganisation(organisation_id=one, name="Leeds Community Health")
        for one in request.organisation_ids
    ]
    return identity.NamePeopleResponse(people=people, organisations=places)
