"""Which number is the one to telephone now."""

from __future__ import annotations

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children.call_now import call_now
from gateway.web.pages.about_children.office_hours import Moment

DAY = Moment(is_day=True, is_sure=True)
NIGHT = Moment(is_day=False, is_sure=True)


def _team(name: str, *, day: str = "", night: str = "") -> pb.ProviderContact:
    return pb.ProviderContact(name=name, telephone=day, telephone_out_of_hours=night)


HEALTH = _team("Health visiting", day="0113 496 0001", night="0113 496 0901")
SOCIAL = _team("Social care", day="0113 496 0002", night="0113 496 0902")
SCHOOL = _team("Primary school", day="0113 496 0003")
PRACTICE = _team("Practice", day="0113 496 0004", night="111")


def _record(*involvements: pb.Involvement) -> pb.OpenRecordResponse:
    return pb.OpenRecordResponse(involvements=involvements)


def test_nobody_is_called_where_none_is_recorded() -> None:
    assert call_now(pb.OpenRecordResponse(), DAY) is None


def test_the_first_in_the_records_order_is_called() -> None:
    found = call_now(_record(pb.Involvement(provider=HEALTH), pb.Involvement(provider=SOCIAL)), DAY)
    assert found is not None
    assert (found.telephone, found.answers) == ("0113 496 0001", "Health visiting")


def test_the_lead_professional_goes_first_even_unconfirmed() -> None:
    lead = pb.Involvement(provider=SOCIAL, is_lead_professional=True, is_unconfirmed=True)
    found = call_now(_record(pb.Involvement(provider=HEALTH), lead), DAY)
    assert found is not None
    assert found.telephone == "0113 496 0002"
    assert found.is_lead_professional
    assert found.is_unconfirmed


def test_a_confirmed_one_goes_before_an_unconfirmed_one() -> None:
    found = call_now(
        _record(pb.Involvement(provider=HEALTH, is_unconfirmed=True), pb.Involvement(provider=SOCIAL)), DAY
    )
    assert found is not None
    assert found.telephone == "0113 496 0002"


def test_by_day_the_persons_own_number_goes_before_the_teams() -> None:
    found = call_now(
        _record(pb.Involvement(provider=HEALTH, practitioner="Bethan Pryce", telephone="07700 900001")), DAY
    )
    assert found is not None
    assert (found.telephone, found.answers, found.organisation) == ("07700 900001", "Bethan Pryce", "Health visiting")


def test_out_of_hours_the_team_answers_and_not_the_person() -> None:
    found = call_now(
        _record(pb.Involvement(provider=HEALTH, practitioner="Bethan Pryce", telephone="07700 900001")), NIGHT
    )
    assert found is not None
    assert (found.telephone, found.answers) == ("0113 496 0901", "Health visiting")
    assert found.is_out_of_hours


def test_out_of_hours_a_team_that_does_not_answer_is_passed_over_even_if_it_leads() -> None:
    lead = pb.Involvement(provider=_team("Day only", day="0113 496 0005"), is_lead_professional=True)
    found = call_now(_record(lead, pb.Involvement(provider=SOCIAL)), NIGHT)
    assert found is not None
    assert found.telephone == "0113 496 0902"


def test_a_number_reported_wrong_is_not_the_one_to_try() -> None:
    wrong = pb.Involvement(provider=HEALTH, is_reported_wrong=True, is_lead_professional=True)
    assert call_now(_record(wrong), DAY) is None
    found = call_now(_record(wrong, pb.Involvement(provider=SOCIAL)), DAY)
    assert found is not None
    assert found.telephone == "0113 496 0002"


def test_the_same_number_under_another_name_is_not_tried_again() -> None:
    shared = _team("Another team", day="0113 496 0005", night="0113  4960902")
    wrong = pb.Involvement(provider=SOCIAL, is_reported_wrong=True, is_lead_professional=True)
    assert call_now(_record(wrong, pb.Involvement(provider=shared)), NIGHT) is None
    found = call_now(_record(wrong, pb.Involvement(provider=shared)), DAY)
    assert found is not None
    assert found.telephone == "0113 496 0005"


def test_without_involvements_the_school_and_then_the_practice_are_called() -> None:
    record = pb.OpenRecordResponse(education=pb.Education(setting=SCHOOL), gp_practice=pb.GpPractice(practice=PRACTICE))
    by_day, by_night = call_now(record, DAY), call_now(record, NIGHT)
    assert by_day is not None
    assert by_night is not None
    assert (by_day.telephone, by_night.telephone) == ("0113 496 0003", "111")


def test_a_school_whose_number_was_reported_wrong_is_not_called_and_the_practice_is() -> None:
    record = pb.OpenRecordResponse(
        education=pb.Education(setting=SCHOOL, is_reported_wrong=True), gp_practice=pb.GpPractice(practice=PRACTICE)
    )
    found = call_now(record, DAY)
    assert found is not None
    assert found.answers == PRACTICE.name
    record.gp_practice.is_reported_wrong = True
    assert call_now(record, DAY) is None


def test_at_night_a_child_with_a_school_alone_has_no_number_now() -> None:
    record = pb.OpenRecordResponse(education=pb.Education(setting=SCHOOL))
    assert call_now(record, NIGHT) is None


def test_what_kind_of_service_answers_is_said() -> None:
    team = pb.ProviderContact(name="Team", kind=pb.PROVIDER_KIND_SOCIAL_CARE, telephone="0113 496 0002")
    found = call_now(_record(pb.Involvement(provider=team)), DAY)
    assert found is not None
    assert found.what == "Children’s social care"
