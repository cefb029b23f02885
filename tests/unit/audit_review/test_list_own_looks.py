"""Somebody reads what they looked at themselves, and what a mediator looked at for them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.review import translate
from services.audit.review.domain.entries import OwnLook, OwnLooks, Page, Receipt, number_text
from services.audit.review.use_cases.list_own_looks import ListOwnLooks
from services.runtime.caller import Caller
from services.runtime.peers import Peer
from tests.support.acts import an_act
from tests.unit.audit_review.fakes import FakeLedger, an_entry


def caller(person: str) -> Caller:
    return Caller(
        peer=Peer(process="gateway.edge", system=None, thumbprint="e" * 64),
        act=an_act(b"", sub=person),
        token="token",
        digest=bytes(32),
        method="/contactpoint.audit.review.v1.ReviewService/ListOwnLooks",
        channel="c" * 64,
    )


def test_own_looks_have_the_number_where_there_is_one_child() -> None:
    ledger = FakeLedger()
    answer = translate.list_own_looks_response(ListOwnLooks(ledger=ledger)(Page(0, b"")), caller(an_entry(1).person))
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


@pytest.mark.parametrize("is_mediator", [True, False])
def test_a_mediated_look_names_the_other_one(*, is_mediator: bool) -> None:
    entry = replace(an_entry(1, reason_text="why"), beneficiary="22222222-7a8e-4a7e-9d8e-0c6f6c1b2a3d")
    looks = OwnLooks(looks=(OwnLook(entry, ""),), next_page_token=b"", receipt=Receipt(1, b"l" * 32))
    reader = entry.person if is_mediator else entry.beneficiary
    (look,) = translate.list_own_looks_response(looks, caller(reader)).looks
    assert (look.beneficiary, look.mediator) == ((entry.beneficiary, "") if is_mediator else ("", entry.person))
    assert look.reason_text == "why"
