"""The auditor learns who looked at one child, by number, whole name and date of birth, and why each looked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from tests.pages.manners import MANNERS, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_LOOKS = 25
_A_PAGE = 20


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_an_auditor_reads_who_looked(person: Callable[..., Person], town: Town, manner: Manner) -> None:
    nurse = town.seat("nurse")
    found = town.new_child(nurse)
    born = found.query.date_of_birth
    assert born is not None
    worry = pb.Reason(code=pb.REASON_CODE_MISSING_CHILD)
    for _ in range(_LOOKS):
        nurse.outside.call(nurse.outside.directory.OpenRecord, pb.OpenRecordRequest(handle=found.handle, reason=worry))
    auditor = person(manner)
    auditor.signs_in("auditor")
    auditor.opens_menu("Who looked")
    auditor.presses("See who looked")
    auditor.sees("Select why you are looking")
    auditor.fills("ContactPoint number", f"{found.number:010}")
    auditor.fills("First names", found.query.given_names)
    auditor.fills("Surname", "Somebodyelse")
    auditor.fills_date("Date of birth", born.day, born.month, born.year)
    auditor.chooses("Another reason")
    auditor.fills("For another reason: which?", "A complaint by the family")
    auditor.presses("See who looked")
    auditor.sees("No child has this number, name and date of birth together")
    auditor.fills("Surname", found.query.surname)
    auditor.presses("See who looked")
    auditor.is_at("Who looked at this child")
    auditor.sees("1 to 20 of")
    auditor.sees("Grace Okonjo, Leeds Community Health (Practitioner)")
    auditor.sees("The child is missing, or missing education")
    assert auditor.main.locator(".cp-row").count() == _A_PAGE
    auditor.follows("Earlier entries")
    auditor.sees("21 to")
    auditor.sees("Found by a search")
    auditor.is_content()
