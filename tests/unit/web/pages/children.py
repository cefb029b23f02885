"""Sample answers of the directory."""

from __future__ import annotations

from contactpoint.directory.v1 import directory_service_pb2 as pb

HANDLE, FRESH = b"a" * 64, b"b" * 64
NUMBER = "6249768358"
MAISIE = pb.ChildName(full=pb.FullName(surname="Thistlethwaite", given_names="Maisie"))
BORN = pb.DateOfBirth(year=2021, month=3, day=4)
INVOLVEMENT, OWN = "5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b11", "5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b12"
SOCIAL_CARE = pb.ProviderContact(
    provider_id="5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b13",
    name="Children's Social Care, East Leeds",
    kind=pb.PROVIDER_KIND_SOCIAL_CARE,
    telephone="0113 496 0910",
    telephone_out_of_hours="0808 157 0999",
)
HEALTH = pb.ProviderContact(
    provider_id="5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b14",
    name="Health Visiting Team",
    kind=pb.PROVIDER_KIND_UNIVERSAL_HEALTH,
    telephone="0113 496 0906",
)


def row(handle: bytes = HANDLE, *, is_limited: bool = False) -> pb.ChildRow:
    """Return Maisie as a row."""
    return pb.ChildRow(handle=handle, name=MAISIE, date_of_birth=BORN, gender=pb.GENDER_FEMALE, is_limited=is_limited)


def found(*rows: pb.ChildRow, add_details: bool = False) -> pb.SearchChildrenResponse:
    """Return what a search shows."""
    return pb.SearchChildrenResponse(rows=rows, add_details=add_details, search_handle=b"s" * 64)


def record(*involvements: pb.Involvement) -> pb.OpenRecordResponse:
    """Return Maisie's record."""
    return pb.OpenRecordResponse(
        number=NUMBER,
        name=MAISIE,
        date_of_birth=BORN,
        gender=pb.GENDER_FEMALE,
        involvements=involvements,
        education=pb.Education(state=pb.EDUCATION_STATE_NOT_OF_AGE),
        handle=FRESH,
    )


def involved(
    provider: pb.ProviderContact = SOCIAL_CARE,
    *,
    is_own: bool = False,
    is_lead_professional: bool = False,
    is_reported_wrong: bool = False,
) -> pb.Involvement:
    """Return an involvement; an own one has another id."""
    return pb.Involvement(
        involvement_id=OWN if is_own else INVOLVEMENT,
        provider=provider,
        practitioner="Marcus Campbell",
        telephone="0113 496 0911",
        is_own=is_own,
        is_lead_professional=is_lead_professional,
        is_reported_wrong=is_reported_wrong,
    )
