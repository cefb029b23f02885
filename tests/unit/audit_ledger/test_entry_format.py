"""An entry's stored bytes: what is written comes back, and the release before can read every role."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.audit.ledger.v1 import entry_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from deploy.local.layout import PROJECT
from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import (
    Draft,
    Effect,
    Entry,
    GapAccepted,
    GapPublished,
    GapReentered,
    LeafLost,
    Outcome,
)
from services.audit.review.clients.ledger import _entry as read_by_review

RELEASE_1 = PROJECT / "deploy" / "releases" / "1.binpb"


def numbers_of_release_1() -> set[int]:
    """Return the numbers of roles that release 1 has."""
    image = FileDescriptorSet.FromString(RELEASE_1.read_bytes())
    enums = (enum for file in image.file for enum in file.enum_type if file.package == "contactpoint.access.v1")
    return {value.number for enum in enums if enum.name == "Role" for value in enum.value}


@pytest.mark.parametrize("role", ["", *access_pb2.Role.keys()[1:]])
def test_every_role_comes_back_and_release_1_can_read_it(role: str) -> None:
    draft = Draft(act="a", outcome=Outcome.ALLOWED, rule="ENTERED", role=role)
    entry = Entry(index=7, at=datetime(2026, 11, 22, tzinfo=UTC), draft=draft, subjects=())
    body = entry_format.encode(entry, "synthetic")
    assert entry_format.decode(body) == entry
    assert read_by_review(body).role == role
    # Release 1 asks its own table for the name of the number, and fails for one that it does not have.
    assert entry_pb2.Entry.FromString(body).role in numbers_of_release_1()


@pytest.mark.parametrize(
    "effect, version",
    [
        (LeafLost(b"l" * 32), 2),
        (GapPublished(3, 4, 5, b"r" * 32), 2),
        (GapReentered("shielding", 1, 9, True), 1),
        (GapAccepted(b"g" * 32), 1),
    ],
)
def test_a_gap_comes_back_and_release_1_cannot_read_past_it(effect: Effect, version: int) -> None:
    draft = Draft(act="a", outcome=Outcome.ALLOWED, rule="ENTERED", effect=effect)
    entry = Entry(index=6, at=datetime(2026, 11, 22, tzinfo=UTC), draft=draft, subjects=())
    body = entry_format.encode(entry, "synthetic")
    assert entry_format.decode(body) == entry
    # Release 1 refuses every format but 1: without this it would lead on as if nothing were lost.
    assert entry_pb2.Entry.FromString(body).version == version


def test_a_format_of_tomorrow_is_refused() -> None:
    with pytest.raises(ValueError, match="another format"):
        entry_format.decode(entry_pb2.Entry(version=3).SerializeToString())
