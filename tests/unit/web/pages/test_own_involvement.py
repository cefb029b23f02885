"""Recording one's own involvement: the team first, then how one is reached."""

from __future__ import annotations

from typing import Any

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from services.runtime.errors import BeingChanged, InvalidRequest, NotFound, ServiceError
from tests.unit.web.pages import children
from tests.unit.web.pages.presses import Shown, press, see
from tests.unit.web.standing_alone import Pages

SEARCH = {"surname": "Thistlethwaite", "born-day": "4", "born-month": "3", "born-year": "2021"}
TYPED: dict[str, str | list[str]] = {"practitioner": "Bethan Pryce", "telephone": "0113 496 0907", "marks": ["lead"]}


@pytest.fixture(autouse=True)
def signed_in(pages: Pages) -> None:
    pages.sign_in()
    pages.edge.answers["SearchChildren"] = lambda _: children.found(children.row())
    pages.edge.answers["OpenRecord"] = lambda _: children.record()
    pages.edge.answers["ListProviders"] = lambda request: pb.ListProvidersResponse(
        providers=[children.HEALTH] if request.is_own or request.name_starts_with == "Health" else []
    )
    pages.edge.answers["StartInvolvement"] = lambda _: pb.StartInvolvementResponse(handle=b"d" * 64)


def _team(pages: Pages) -> Shown:
    reason = press(pages, press(pages, see(pages, "/search"), "Search", SEARCH), "Open")
    record = press(pages, reason, "Open the record", {"reason": "NEW_REFERRAL"})
    return press(pages, record, "Record that you work with this child")


def _details(pages: Pages) -> Shown:
    shown = _team(pages)
    return press(pages, shown, "Continue", {"provider": shown.values_of("provider")[0]})


def _asked(pages: Pages, method: str) -> list[Any]:
    return [call.request for call in pages.edge.calls if call.method.endswith(f"/{method}")]


def _refusing(pages: Pages, refusal: ServiceError) -> None:
    def refuse(_: object) -> None:
        raise refusal

    pages.edge.answers["StartInvolvement"] = refuse


def test_ones_own_organisations_teams_are_offered_first(pages: Pages) -> None:
    shown = _team(pages)
    (request,) = _asked(pages, "ListProviders")
    assert request.is_own
    assert "Your organisation’s teams Health Visiting Team" in shown.text


def test_another_team_is_found_by_the_beginning_of_its_name(pages: Pages) -> None:
    shown = press(pages, _team(pages), "Find", {"team": "Health"})
    request = _asked(pages, "ListProviders")[-1]
    assert (request.is_own, request.name_starts_with) == (False, "Health")
    assert "Teams that begin like this Health Visiting Team" in shown.text
    assert "Health" not in shown.path


def test_no_such_team_says_what_to_do(pages: Pages) -> None:
    shown = press(pages, _team(pages), "Find", {"team": "Nowhere"})
    assert "begins like this" in shown.text
    assert shown.values_of("team") == ["Nowhere"]


def test_no_team_chosen_says_so(pages: Pages) -> None:
    pages.edge.answers["ListProviders"] = lambda _: pb.ListProvidersResponse(
        providers=[children.HEALTH, children.SOCIAL_CARE]
    )
    shown = press(pages, _team(pages), "Continue")
    assert shown.answer.status == 400
    assert "#provider" in shown.links


def test_the_involvement_is_recorded_under_the_team(pages: Pages) -> None:
    details = _details(pages)
    assert details.values_of("practitioner") == ["Siân O’Connor"]
    shown = press(pages, details, "Record that I work with this child", TYPED)
    (request,) = _asked(pages, "StartInvolvement")
    assert request.handle == children.FRESH
    assert request.provider_id == children.HEALTH.provider_id
    assert request.kind == pb.INVOLVEMENT_KIND_UNIVERSAL
    assert (request.practitioner, request.telephone) == ("Bethan Pryce", "0113 496 0907")
    assert (request.is_lead_professional, request.has_common_assessment) == (True, False)
    assert shown.h1 == "Your involvement is recorded"
    assert "/children" in shown.links


def test_another_organisations_team_is_chosen_anew(pages: Pages) -> None:
    _refusing(pages, InvalidRequest([("provider_id", "ANOTHER_ORGANISATIONS_PROVIDER")]))
    shown = press(pages, _details(pages), "Record that I work with this child", TYPED)
    assert shown.h1 == "Which team do you work in?"
    assert "belongs to another organisation" in shown.text


def test_what_the_service_finds_wrong_is_said_at_its_field(pages: Pages) -> None:
    _refusing(pages, InvalidRequest([("practitioner", "HOLDS_DIGITS")]))
    shown = press(pages, _details(pages), "Record that I work with this child", TYPED)
    assert "#practitioner" in shown.links
    assert shown.values_of("practitioner") == ["Bethan Pryce"]


def test_what_may_pass_is_sent_again_as_the_same_act(pages: Pages) -> None:
    _refusing(pages, BeingChanged())
    shown = press(pages, _details(pages), "Record that I work with this child", TYPED)
    assert shown.values_of("telephone") == ["0113 496 0907"]
    press(pages, shown, "Record that I work with this child", TYPED)
    first, second = _asked(pages, "StartInvolvement")
    assert first == second


def test_a_child_who_was_open_too_long_leads_to_the_search(pages: Pages) -> None:
    _refusing(pages, NotFound())
    assert press(pages, _details(pages), "Record that I work with this child", TYPED).h1 == "Search again to go on"
