"""The fence round the few texts there are."""

import pytest

from services.directory.domain.content_guard import address_line_fault, email_fault, name_fault, postcode_fault


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "O’Neil-Smith",  # as it is written
        "Dr Siân Ó Briain",
        "María del Carmen de la Cruz Fernández",
        "Bùi Thị Xuân",
        "محمد عبد الله",
        "St. John Risk",
        "Abdullah bin Abdul Rahman al-Rashid",
        "Team at Hill House",
        "J. R. R. Tolkien",
    ],
)
def test_names_pass(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "text, reason",
    [
        ("Ada 07700 900123", "HOLDS_DIGITS"),
        ("Ada see www.example.org", "HOLDS_A_LINK"),
        ("ada@example.org", "HOLDS_A_LINK"),
        ("Ada\nLovelace", "HOLDS_CONTROL_CHARACTERS"),
        ("Ada\u202eecalevoL", "HOLDS_CONTROL_CHARACTERS"),
        ("Mother is drunk", "LOOKS_LIKE_A_NOTE"),
        ("suspected neglect", "LOOKS_LIKE_A_NOTE"),
        ("Ada. She was seen alone at home", "LOOKS_LIKE_A_NOTE"),
        ("Ada; ring twice", "LOOKS_LIKE_A_NOTE"),
        ("he lives with his aunt since last summer now", "LOOKS_LIKE_A_NOTE"),
    ],
)
def test_notes_do_not(text: str, reason: str) -> None:
    assert name_fault(text) == reason


def test_lines_of_addresses_have_numbers() -> None:
    assert address_line_fault("Flat 2, 17 St Anne's Road") is None
    assert address_line_fault("at risk, do not visit") == "LOOKS_LIKE_A_NOTE"


def test_mail_and_postcodes_have_a_form() -> None:
    assert (email_fault(""), email_fault("jo.brook@nhs.example.org")) == (None, None)
    assert {email_fault(text) for text in ("jo", "jo@x", "call jo@example.org", "jo@example.org!")} == {
        "NOT_AN_EMAIL_ADDRESS"
    }
    assert (postcode_fault(""), postcode_fault("ZZ1 1AA"), postcode_fault("zz11aa")) == (None, None, None)
    assert postcode_fault("with his dad") == "NOT_A_POSTCODE"
