"""From a row to a reason to a record, and what may be pressed there."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from services.runtime.errors import InvalidRequest, NotFound
from tests.unit.web.pages import children
from tests.unit.web.pages.presses import Shown, follow, press, see
from tests.unit.web.standing_alone import Pages, a_visitor

SEARCH = {"surname": "Thistlethwaite", "born-day": "4", "born-month": "3", "born-year": "2021"}
WORRIED = {"reason": "SAFEGUARDING_CONCERN"}
TUESDAY_NIGHT = datetime(2027, 1, 12, 23, 0, tzinfo=UTC)
TUESDAY_NOON = datetime(2027, 1, 12, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def signed_in(pages: Pages) -> None:
    pages.clock.at = TUESDAY_NOON
    pages.sign_in(a_visitor(signed_in_at=TUESDAY_NOON, expires_at=datetime(2027, 1, 13, 9, tzinfo=UTC)))
    pages.edge.answers["SearchChildren"] = lambda _: children.found(children.row())
    pages.edge.answers["OpenRecord"] = lambda _: children.record(children.involved(is_lead_professional=True))


def _results(pages: Pages) -> Shown:
    return press(pages, see(pages, "/search"), "Search", SEARCH)


def _record(pages: Pages) -> Shown:
    return press(pages, press(pages, _results(pages), "Open"), "Open the record", WORRIED)


def _asked(pages: Pages, method: str) -> list[Any]:
    return [call.request for call in pages.edge.calls if call.method.endswith(f"/{method}")]


def test_a_record_opens_for_a_reason_and_says_whom_to_telephone_first(pages: Pages) -> None:
    shown = _record(pages)
    assert shown.h1 == "Who works with this child"
    (request,) = _asked(pages, "OpenRecord")
    assert request.handle == children.HANDLE
    assert request.reason.code == pb.REASON_CODE_SAFEGUARDING_CONCERN
    assert shown.text.index("0113 496 0911") < shown.text.index("Practitioners and teams")
    assert "tel:01134960911" in shown.links
    assert "Shown to Siân O’Connor, Leeds Community Health, on 12 January 2027" in shown.text


def test_out_of_hours_the_number_is_another(pages: Pages) -> None:
    pages.clock.at = TUESDAY_NIGHT
    shown = _record(pages)
    assert re.search(r"Call now 0808 157 0999 Children's Social Care, East Leeds", shown.text)
    assert "Out of hours number" in shown.text


def test_where_nobody_answers_now_the_own_team_does(pages: Pages) -> None:
    pages.clock.at = TUESDAY_NIGHT
    pages.edge.answers["OpenRecord"] = lambda _: children.record(children.involved(children.HEALTH))
    shown = _record(pages)
    assert f"Call now {pages.site.teams.of('E08000035').night}" in shown.text
    assert "Nobody recorded here has a number that answers at this hour" in shown.text


def test_none_recorded_is_neutral(pages: Pages) -> None:
    pages.edge.answers["OpenRecord"] = lambda _: children.record()
    text = _record(pages).text
    assert "Practitioners and teams None recorded." in text
    assert "Education Not of school age" in text
    assert "GP practice None recorded" in text


def test_after_the_table_of_bank_holidays_the_page_says_so(pages: Pages) -> None:
    pages.clock.at = datetime(2029, 1, 2, 12, tzinfo=UTC)
    pages.sign_in(a_visitor(expires_at=datetime(2029, 1, 3, tzinfo=UTC), used_at=pages.clock.at))
    assert "Bank holidays of this year are not known here" in _record(pages).text


def test_a_limited_record_shows_who_the_child_is_and_the_own_team(pages: Pages) -> None:
    pages.edge.answers["OpenRecord"] = lambda _: pb.OpenRecordResponse(
        number=children.NUMBER,
        name=children.MAISIE,
        date_of_birth=children.BORN,
        is_limited=True,
        handle=children.FRESH,
    )
    shown = _record(pages)
    assert shown.h1 == "Limited record"
    assert f"Call now {pages.site.teams.of('E08000035').day}" in shown.text
    assert "62497 68358" in shown.text
    assert "None recorded" not in shown.text
    assert "Open the home" not in shown.text


def test_without_a_reason_nothing_opens(pages: Pages) -> None:
    shown = press(pages, press(pages, _results(pages), "Open"), "Open the record")
    assert shown.answer.status == 400
    assert shown.answer.title.startswith("Error: ")
    assert "#reason" in shown.links
    assert _asked(pages, "OpenRecord") == []


def test_another_reason_is_kept_when_it_is_too_short(pages: Pages) -> None:
    shown = press(
        pages, press(pages, _results(pages), "Open"), "Open the record", {"reason": "OTHER", "reason-text": "court"}
    )
    assert shown.values_of("reason-text") == ["court"]
    assert "#reason-text" in shown.links


def test_a_child_is_in_no_address(pages: Pages) -> None:
    shown = _record(pages)
    secrets = [children.NUMBER, "Thistlethwaite", "62497", base64.urlsafe_b64encode(children.FRESH).decode()[:40]]
    for link in (*shown.links, shown.path, shown.answer.title):
        assert not any(secret in link for secret in secrets), link


def test_two_tabs_never_mix_two_children(pages: Pages) -> None:
    other = b"c" * 64
    pages.edge.answers["SearchChildren"] = lambda _: children.found(children.row(), children.row(other))
    results = _results(pages)
    first, second = (
        follow(pages, "", pages.post("/record/choose", {"csrf": results.answer.csrf, "child": value}))
        for value in results.values_of("child")
    )
    press(pages, first, "Open the record", WORRIED)
    press(pages, second, "Open the record", WORRIED)
    assert [request.handle for request in _asked(pages, "OpenRecord")] == [children.HANDLE, other]


def test_a_handle_that_is_too_old_leads_to_the_search_as_it_was_typed(pages: Pages) -> None:
    def refuse(_: object) -> None:
        raise NotFound

    pages.edge.answers["OpenRecord"] = refuse
    shown = _record(pages)
    assert (shown.answer.status, shown.h1) == (410, "Search again to go on")
    assert "/search" in shown.links
    assert see(pages, "/search").values_of("surname") == ["Thistlethwaite"]


def test_a_number_that_did_not_work_is_reported_once_and_another_is_proposed(pages: Pages) -> None:
    pages.edge.answers["ReportContactWrong"] = lambda _: pb.ReportContactWrongResponse(handle=b"d" * 64)
    shown = _record(pages)
    pages.edge.answers["OpenRecord"] = lambda _: children.record(
        children.involved(is_reported_wrong=True), children.involved(children.HEALTH)
    )
    again = press(pages, shown, "This number did not work")
    (request,) = _asked(pages, "ReportContactWrong")
    assert request.involvement_id == children.INVOLVEMENT
    assert request.handle == children.FRESH
    assert _asked(pages, "OpenRecord")[-1].handle == b"d" * 64
    assert "You reported that the number did not work" in again.text
    assert "Reported wrong: somebody found that the number did not work" in again.text
    # The practitioner's own number of the second is the same one, and so is not proposed either.
    assert f"Call now {pages.site.teams.of('E08000035').day}" in again.text


@pytest.mark.parametrize("place", ["school", "practice"])
def test_the_number_of_a_school_or_practice_is_reported_too(pages: Pages, place: str) -> None:
    provider = pb.ProviderContact(provider_id=children.OWN, name="Larkbeck", telephone="0113 496 0001")

    def record(*, is_reported_wrong: bool) -> pb.OpenRecordResponse:
        found = children.record()
        if place == "school":
            found.education.CopyFrom(pb.Education(setting=provider, is_reported_wrong=is_reported_wrong))
        else:
            found.gp_practice.CopyFrom(pb.GpPractice(practice=provider, is_reported_wrong=is_reported_wrong))
        return found

    pages.edge.answers["OpenRecord"] = lambda _: record(is_reported_wrong=False)
    pages.edge.answers["ReportContactWrong"] = lambda _: pb.ReportContactWrongResponse(handle=b"d" * 64)
    shown = _record(pages)
    # One stands under the number to call now, one under the place.
    assert shown.text.count("This number did not work") == 2
    pages.edge.answers["OpenRecord"] = lambda _: record(is_reported_wrong=True)
    again = press(pages, shown, "This number did not work", nth=1)
    (request,) = _asked(pages, "ReportContactWrong")
    assert request.involvement_id == children.OWN
    assert "Reported wrong: somebody found" in again.text
    assert "This number did not work" not in again.text
    assert "your own team" in again.text


def test_the_same_button_twice_is_one_act_and_another_is_another(pages: Pages) -> None:
    pages.edge.answers["ReportContactWrong"] = lambda _: pb.ReportContactWrongResponse(handle=b"d" * 64)
    pages.edge.answers["ConfirmInvolvement"] = lambda _: pb.ConfirmInvolvementResponse(handle=b"d" * 64)
    pages.edge.answers["OpenRecord"] = lambda _: children.record(
        children.involved(), children.involved(children.HEALTH, is_own=True)
    )
    shown = _record(pages)
    for nth in (1, 1, 2):
        press(pages, shown, "This number did not work", nth=nth)
    press(pages, shown, "Confirm it still holds")
    once, again, other = _asked(pages, "ReportContactWrong")
    (confirmed,) = _asked(pages, "ConfirmInvolvement")
    assert once == again
    assert other.involvement_id != once.involvement_id
    assert len({once.idempotency_key, other.idempotency_key, confirmed.idempotency_key}) == 3


@pytest.mark.parametrize(
    "button, method, says",
    [
        ("Confirm it still holds", "ConfirmInvolvement", "You confirmed the involvement"),
        ("It has ended", "EndInvolvement", "You ended the involvement"),
        ("Lead professional or assessment", "MarkInvolvement", "Your change is recorded"),
    ],
)
def test_an_own_involvement_is_confirmed_ended_and_marked(pages: Pages, button: str, method: str, says: str) -> None:
    pages.edge.answers["OpenRecord"] = lambda _: children.record(
        children.involved(children.HEALTH, is_own=True, is_lead_professional=True)
    )
    pages.edge.answers[method] = lambda _: getattr(pb, f"{method}Response")(handle=b"d" * 64)
    shown = press(pages, _record(pages), button)
    if method == "EndInvolvement":
        shown = press(pages, shown, "Yes, it has ended")
    if method == "MarkInvolvement":
        assert '"lead" checked' in shown.answer.text.replace('value="lead"', '"lead"').replace("\n", " ")
        shown = press(pages, shown, "Save", {"marks": ["caf"]})
        (marked,) = _asked(pages, method)
        assert (marked.is_lead_professional, marked.has_common_assessment) == (False, True)
    (request,) = _asked(pages, method)
    assert (request.involvement_id, request.handle) == (children.OWN, children.FRESH)
    assert shown.h1 == "Who works with this child"
    assert says in shown.text


def test_others_involvements_cannot_be_ended(pages: Pages) -> None:
    shown = _record(pages)
    assert "It has ended" not in shown.text
    assert "still holds" not in shown.text


def test_the_home_opens_by_a_further_press_with_its_own_reason(pages: Pages) -> None:
    pages.edge.answers["OpenHome"] = lambda _: pb.OpenHomeResponse(
        address=pb.Address(state=pb.ADDRESS_STATE_CURRENT, lines=["48 Hawthorn Terrace", "Leeds"], postcode="LS9 6LP"),
        carers=[pb.Carer(name="Joanne Thistlethwaite", telephone="07700900900")],
    )
    asking = press(pages, _record(pages), "Open the home address")
    assert press(pages, asking, "Open the home").answer.status == 400
    assert _asked(pages, "OpenHome") == []
    shown = press(pages, asking, "Open the home", {"reason": "MISSING_CHILD"})
    (request,) = _asked(pages, "OpenHome")
    assert (request.handle, request.reason.code) == (children.FRESH, pb.REASON_CODE_MISSING_CHILD)
    assert "48 Hawthorn Terrace Leeds LS9 6LP" in shown.text
    assert "tel:07700900900" in shown.links


def test_a_home_that_is_not_known_says_so(pages: Pages) -> None:
    pages.edge.answers["OpenHome"] = lambda _: pb.OpenHomeResponse()
    shown = press(
        pages, press(pages, _record(pages), "Open the home address"), "Open the home", {"reason": "MISSING_CHILD"}
    )
    assert "Address None recorded" in shown.text
    assert "Parents and carers None recorded" in shown.text


NUMBERED = {"number": "62497 68358", **SEARCH, **WORRIED}


def test_a_record_opens_by_number_with_surname_and_date(pages: Pages) -> None:
    shown = press(pages, see(pages, "/record/number"), "Open the record", NUMBERED)
    (request,) = _asked(pages, "OpenRecord")
    assert request.number == pb.NumberClaim(number="62497 68358", surname="Thistlethwaite", date_of_birth=children.BORN)
    assert shown.h1 == "Who works with this child"
    assert "62497" not in shown.path


@pytest.mark.parametrize(
    "refusal, where",
    [(NotFound(), "number"), (InvalidRequest([("number.number", "WRONG_CHECK_DIGIT")]), "number")],
)
def test_a_number_that_opens_nothing_is_asked_again_with_what_was_typed(
    pages: Pages, refusal: Exception, where: str
) -> None:
    def refuse(_: object) -> None:
        raise refusal

    pages.edge.answers["OpenRecord"] = refuse
    shown = press(pages, see(pages, "/record/number"), "Open the record", NUMBERED)
    assert (shown.answer.status, shown.h1) == (400, "Open a record by its number")
    assert f"#{where}" in shown.links
    assert shown.values_of("surname") == ["Thistlethwaite"]
    assert shown.values_of("born-year") == ["2021"]


def test_an_nhs_number_is_told_kindly_and_sent_nowhere(pages: Pages) -> None:
    shown = press(pages, see(pages, "/record/number"), "Open the record", {**NUMBERED, "number": "943 476 5919"})
    assert "does not show NHS numbers" in shown.text
    assert pages.edge.calls == []
