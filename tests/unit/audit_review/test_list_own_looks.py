"""Somebody reads what they looked at themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.review import translate
from services.audit.review.domain.entries import Page, number_text
from services.audit.review.use_cases.list_own_looks import ListOwnLooks
from tests.unit.audit_review.fakes import FakeLedger


def test_own_looks_have_the_number_where_there_is_one_child() -> None:
    ledger = FakeLedger()
    answer = translate.list_own_looks_response(ListOwnLooks(ledger=ledger)(Page(0, b"")))
    assert [look.number for look in answer.looks] == ["1234567890", ""]
    assert answer.receipt.index == 61
    assert ledger.asked == [Page(20, b"")]


@pytest.mark.parametrize("asked, sent", [(0, 20), (1, 1), (20, 20), (50, 20)])
def test_a_page_has_at_most_twenty_children(asked: int, sent: int) -> None:
    ledger = FakeLedger()
    ListOwnLooks(ledger=ledger)(Page(asked, b"t"))
    assert ledger.asked == [Page(sent, b"t")]


@given(st.integers(1, 9_999_999_999))
def test_a_number_has_ten_digits(number: int) -> None:
    assert len(number_text(number)) == 10
    assert int(number_text(number)) == number


def test_what_is_no_number_is_refused() -> None:
    for number in (-1, 10_000_000_000):
        with pytest.raises(ValueError, match="ten digits"):
            number_text(number)
