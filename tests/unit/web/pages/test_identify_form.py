"""What an auditor types to name a child."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from gateway.web import submitted
from gateway.web.pages.who_looked_at import form

_TODAY = date(2026, 11, 22)
_RIGHT = {
    "number": "1234567890",
    "surname": "O’Hare",
    "given-names": "Siân  Mair",
    "date-of-birth-day": "29",
    "date-of-birth-month": "2",
    "date-of-birth-year": "2016",
    "reason": "MISSING_CHILD",
}


def _read(values: dict[str, str]) -> tuple[form.IdentifyForm, object, dict[str, str]]:
    return form.read(submitted.read(urlencode(values).encode()), today=_TODAY)


def test_all_three_are_read() -> None:
    said, born, faults = _read(_RIGHT)
    assert not faults
    assert born is not None
    assert (said.number, said.name.full.surname, said.name.full.given_names) == ("12345 67890", "O’Hare", "Siân Mair")


def test_one_name_alone_is_a_single_name() -> None:
    said, _, faults = _read({**_RIGHT, "given-names": ""})
    assert (said.name.single, faults) == ("O’Hare", {})


def test_each_field_says_what_is_missing() -> None:
    _, _, faults = _read({})
    assert set(faults) == {"number", "surname", "date-of-birth-day", "reason"}


def test_nothing_typed_stands_in_a_text_of_it() -> None:
    assert repr(_read(_RIGHT)[0]) == "IdentifyForm()"
