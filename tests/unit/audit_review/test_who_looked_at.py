"""An auditor reads who looked at one child: every look is shown with a proof that holds, or none is."""

import dataclasses

import pytest

from services.audit.review.domain.entries import Page
from services.audit.review.errors import LogNotProvable
from services.audit.review.use_cases.who_looked_at import WhoLookedAt
from services.runtime.errors import NotFound
from tests.unit.audit_review.fakes import HANDLE, FakeLedger


def test_looks_come_with_the_checkpoint_that_their_proofs_lead_to() -> None:
    ledger = FakeLedger()
    found = WhoLookedAt(ledger=ledger)(HANDLE, Page(0, b""))
    assert [look.entry.index for look in found.looks] == list(range(59, 9, -1))
    assert found.total == 60
    assert found.receipt.index == 60
    assert found.next_page_token == b"next"
    assert ledger.asked == [Page(50, b"")]


def test_a_page_is_never_larger_than_a_message() -> None:
    ledger = FakeLedger()
    WhoLookedAt(ledger=ledger)(HANDLE, Page(200, b"token"))
    assert ledger.asked == [Page(50, b"token")]


def test_a_handle_of_no_child_is_not_found() -> None:
    with pytest.raises(NotFound):
        WhoLookedAt(ledger=FakeLedger())(b"x" * 64, Page(0, b""))


@pytest.mark.parametrize(
    "change",
    [{"body": b"another"}, {"salt": bytes(32)}, {"index": 11}, {"inclusion_proof": ()}, {"index": 10**6}],
    ids=lambda change: next(iter(change)),
)
def test_an_entry_that_does_not_lead_to_the_root_shows_nothing(change: dict[str, object]) -> None:
    ledger = FakeLedger()
    ledger.proofs[10] = dataclasses.replace(ledger.proofs[10], **change)  # type: ignore[arg-type]  # one field of it
    with pytest.raises(LogNotProvable):
        WhoLookedAt(ledger=ledger)(HANDLE, Page(50, b""))


@pytest.mark.parametrize("note", ["", "x", "a\nb\nc\n\n\u2014 x y\n", "log\n60\nAAAA\n\n\u2014 x eA==\n"])
def test_what_is_no_checkpoint_shows_nothing(note: str) -> None:
    ledger = FakeLedger()
    ledger.checkpoint = note
    with pytest.raises(LogNotProvable):
        WhoLookedAt(ledger=ledger)(HANDLE, Page(0, b""))


def test_nobody_looked_is_an_answer() -> None:
    ledger = FakeLedger(0)
    assert WhoLookedAt(ledger=ledger)(HANDLE, Page(0, b"")).looks == ()
