"""The mail that invites a person: the token alone on its line, and behind `#` in the pages' address."""

from __future__ import annotations

from datetime import UTC, datetime

from services.identity import mails
from services.identity.domain.acts import Contact

_CONTACT = Contact(name="Ines", email="ines@example.org", manager_email="manager@example.org", proofs=("PASSPORT",))
_UNTIL = datetime(2026, 11, 25, 9, tzinfo=UTC)


def test_the_address_holds_the_token_where_no_server_sees_it() -> None:
    text = mails.link(_CONTACT, "the-token", _UNTIL, pages="https://pages.example").text
    assert "\nOpen https://pages.example/enrol#the-token\n" in text
    assert "\nLink token: the-token\n" in text


def test_without_pages_there_is_no_address() -> None:
    assert "://" not in mails.link(_CONTACT, "the-token", _UNTIL).text
