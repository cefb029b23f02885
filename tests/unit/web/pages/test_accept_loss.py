"""What a custodian types, reads and accepts: exactly what the operator's command printed."""

from __future__ import annotations

from typing import Any

import pytest
from contactpoint.audit.review.v1 import review_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity

from gateway.web.pages.about_custody.form import Printed, read
from services.runtime.errors import Forwarded
from tests.unit.web.pages.presses import Shown, press, see
from tests.unit.web.pages.typed import Typed
from tests.unit.web.standing_alone import Pages, a_visitor

NAME = "0123456789abcdef" * 4
LOSS = {"name": f"{NAME[:8].upper()} {NAME[8:]}", "number": "1,502"}
GAP = {"name": NAME}


@pytest.fixture(autouse=True)
def signed_in(pages: Pages) -> None:
    pages.sign_in(a_visitor(roles=("ROLE_CUSTODIAN",)))
    pages.edge.answers["AcceptLoss"] = lambda _: pb.AcceptLossResponse(receipt=pb.Receipt(index=1503))
    pages.edge.answers["AcceptGap"] = lambda _: pb.AcceptGapResponse(receipt=pb.Receipt(index=1504))


def _asked(pages: Pages, method: str) -> list[Any]:
    return [call.request for call in pages.edge.calls if call.method.endswith(f"/{method}")]


def _confirming(pages: Pages, path: str, typed: dict[str, str]) -> Shown:
    return press(pages, see(pages, path), "Continue", dict(typed))


def test_a_loss_is_typed_read_and_accepted(pages: Pages) -> None:
    asking = _confirming(pages, "/accept-loss", LOSS)
    assert asking.h1 == "Accept this loss?"
    assert "0123 4567 89ab cdef 0123" in asking.text
    assert "1,502" in asking.text
    for said in ("What is limited stays limited", "stood before", "within 7 days", "other custodian"):
        assert said in asking.text
    # Nothing is entered before the press.
    assert pages.edge.calls == []
    done = press(pages, asking, "Accept this loss")
    (request,) = _asked(pages, "AcceptLoss")
    assert (request.lost_digest, request.lost_count) == (bytes.fromhex(NAME), 1502)
    assert done.h1 == "Your acceptance is recorded"
    assert "entry 1,503" in done.text
    assert "the other custodian has 7 days" in done.text


def test_a_gap_is_typed_read_and_accepted(pages: Pages) -> None:
    asking = _confirming(pages, "/accept-gap", GAP)
    assert asking.h1 == "Accept this gap?"
    assert "Who looked at whom in the lost entries is known to nobody" in asking.text
    done = press(pages, asking, "Accept this gap")
    (request,) = _asked(pages, "AcceptGap")
    assert request.gap_digest == bytes.fromhex(NAME)
    assert "entry 1,504" in done.text


@pytest.mark.parametrize("path, button", [("/accept-loss", "Accept this loss"), ("/accept-gap", "Accept this gap")])
def test_a_second_press_is_the_same_act(pages: Pages, path: str, button: str) -> None:
    asking = _confirming(pages, path, LOSS)
    held = dict(pages.held)
    press(pages, asking, button)
    pages.held = held
    assert press(pages, asking, button).h1 == "Your acceptance is recorded"
    first, second = (call.request for call in pages.edge.calls)
    assert first == second


@pytest.mark.parametrize(
    "typed, wrong",
    [
        ({}, ["name", "number"]),
        ({"name": NAME}, ["number"]),
        ({"name": NAME, "number": "0"}, ["number"]),
        ({"name": NAME, "number": "-1"}, ["number"]),
        ({"name": NAME, "number": "4294967296"}, ["number"]),
        ({"name": NAME, "number": "\u0661"}, ["number"]),
        ({"name": NAME[1:], "number": "7"}, ["name"]),
        ({"name": f"{NAME}0", "number": "7"}, ["name"]),
        ({"name": "g" * 64, "number": "7"}, ["name"]),
        ({"name": f"loss: {NAME} 7", "number": "7"}, ["name"]),
    ],
)
def test_what_was_not_printed_is_asked_for_again(pages: Pages, typed: dict[str, str], wrong: list[str]) -> None:
    shown = _confirming(pages, "/accept-loss", {"name": "", "number": "", **typed})
    assert shown.answer.status == 400
    assert [link for link in shown.links if link.startswith("#") and link != "#main-content"] == [
        f"#{field}" for field in wrong
    ]
    assert shown.values_of("name") == ["".join(typed.get("name", "").split())]
    assert pages.edge.calls == []


def test_a_name_in_groups_is_the_same_name() -> None:
    grouped = Printed(name=NAME).groups
    assert read(Typed(name=grouped), word="gap", has_number=False) == (Printed(name=NAME), {})


@pytest.mark.parametrize("reason", ["NOT_THIS_GAP", "GAP_NOT_READY", "NO_GAP_OPEN"])
def test_another_gap_says_what_to_do(pages: Pages, reason: str) -> None:
    def refuse(_: object) -> None:
        raise Forwarded(status="FAILED_PRECONDITION", reason=reason)

    pages.edge.answers["AcceptGap"] = refuse
    shown = press(pages, _confirming(pages, "/accept-gap", GAP), "Accept this gap")
    assert shown.answer.status in {400, 409}
    assert reason not in shown.answer.text


@pytest.mark.parametrize(
    "is_stopped, heading, says",
    [
        (True, "One more custodian is needed", "still stopped"),
        (False, "ContactPoint goes on", "Everybody signs in again"),
    ],
)
def test_a_stopped_service_goes_on_by_two_words(pages: Pages, is_stopped: bool, heading: str, says: str) -> None:
    pages.edge.answers["ResumeService"] = lambda _: identity.ResumeServiceResponse(
        receipt=identity.Receipt(index=1505), is_stopped=is_stopped
    )
    shown = press(pages, see(pages, "/resume-service"), "Let ContactPoint go on")
    assert shown.h1 == heading
    assert says in shown.text
    assert "entry 1,505" in shown.text
    (request,) = _asked(pages, "ResumeService")
    assert request.idempotency_key


def test_only_custodians_have_these_pages(pages: Pages) -> None:
    start = see(pages, "/")
    assert {"/accept-loss", "/accept-gap", "/resume-service"} <= set(start.links)
    assert "Nothing waits for you" not in start.text
    pages.sign_in(a_visitor(roles=("ROLE_PRACTITIONER", "ROLE_AUDITOR")))
    for path in ("/accept-loss", "/accept-gap", "/accept-loss/confirm?page=x", "/resume-service"):
        assert see(pages, path).answer.status == 403
    assert not {"/accept-loss", "/accept-gap"} & set(see(pages, "/children").links)
