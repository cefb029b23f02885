"""security.txt as RFC 9116 wants it, with contacts from configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.web.security_txt import ContactRefused, security_txt

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
ORIGIN = "https://contactpoint.example"


def test_it_has_what_the_rfc_demands() -> None:
    text = security_txt(
        contacts=("mailto:security@contactpoint.example", "https://x.example/r"), origin=ORIGIN, now=NOW
    )
    assert text.endswith("\r\n")
    fields = [line.partition(": ")[::2] for line in text.splitlines()]
    assert [value for name, value in fields if name == "Contact"] == [
        "mailto:security@contactpoint.example",
        "https://x.example/r",
    ]
    (expires,) = [datetime.fromisoformat(value) for name, value in fields if name == "Expires"]
    assert timedelta(days=30) < expires - NOW < timedelta(days=365)
    assert ("Canonical", f"{ORIGIN}/.well-known/security.txt") in fields


@pytest.mark.parametrize(
    "contacts",
    [
        (),
        ("security@contactpoint.example",),
        ("http://x.example",),
        ("mailto:a@b.example\r\nContact: mailto:c@d.example",),
    ],
)
def test_what_is_no_address_is_refused(contacts: tuple[str, ...]) -> None:
    with pytest.raises(ContactRefused):
        security_txt(contacts=contacts, origin=ORIGIN, now=NOW)
