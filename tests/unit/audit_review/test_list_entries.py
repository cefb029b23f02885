"""An auditor reads the entries of the own organisation."""

import dataclasses

import pytest

from services.audit.review import translate
from services.audit.review.domain.entries import Page
from services.audit.review.errors import LogNotProvable
from services.audit.review.use_cases.list_entries import ListEntries
from tests.unit.audit_review.fakes import FakeLedger


def test_entries_come_newest_first() -> None:
    ledger = FakeLedger()
    found = ListEntries(ledger=ledger)(Page(3, b"token"))
    assert [look.entry.index for look in found.looks] == [59, 58, 57]
    assert ledger.asked == [Page(3, b"token")]


def test_entries_that_cannot_be_proved_are_not_shown() -> None:
    ledger = FakeLedger()
    ledger.proofs[59] = dataclasses.replace(ledger.proofs[59], salt=bytes(32))
    with pytest.raises(LogNotProvable):
        ListEntries(ledger=ledger)(Page(0, b""))


def test_the_answer_names_no_subject_and_no_text() -> None:
    answer = translate.list_entries_response(ListEntries(ledger=FakeLedger())(Page(1, b"")))
    (entry,) = answer.entries
    assert entry.children == 1
    assert {field.name for field, _ in entry.ListFields()} == {
        "at",
        "act",
        "person",
        "role",
        "reason_code",
        "outcome",
        "rule",
        "children",
        "index",
    }
