"""Nothing found: a record is created from the search, with little known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pages import steps
from tests.pages.manners import MANNERS, Manner
from tests.pages.person import Person
from tests.support.town import Town
from tests.support.unlike import unlike_any_other

pytestmark = pytest.mark.timeout(300)
# What one manner creates, no other may find: each has a day, a surname and a first name of its own.
_GIVEN_NAMES = dict(zip((one.name for one in MANNERS), ("D’Arcy", "Llŷr", "Siobhán", "Ngozi"), strict=True))


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_a_record_is_created_from_a_search_that_found_nothing(
    person: Callable[..., Person], town: Town, manner: Manner
) -> None:
    query = unlike_any_other(initial="Ŵ", given_names=_GIVEN_NAMES[manner.name])
    nurse = person(manner)
    nurse.signs_in("nurse")
    steps.search(nurse, query)
    nurse.sees("Nothing is recorded that you can be shown")
    nurse.presses("Create a record from this search")
    nurse.is_at("Create a record")
    nurse.presses("Create the record")
    nurse.sees("There is a problem")
    nurse.chooses("Female")
    nurse.chooses("No known address")
    nurse.fills("Name", "Siân Ŵyn")
    nurse.fills("Telephone", "07700 900123")
    nurse.presses("Create the record")
    nurse.is_at("Record created")
    nurse.sees(query.surname)
    nurse.presses("Open the record")
    nurse.chooses(steps.WORRIED)
    nurse.presses("Open the record")
    # Nobody is recorded yet: said neutrally, with the own team's number to call.
    nurse.sees("None recorded")
    nurse.sees("your own team")
    nurse.is_content()
