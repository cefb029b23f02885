"""Whom to tell of a weakness: the file /.well-known/security.txt (RFC 9116)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

VALID_FOR = timedelta(days=180)
"""RFC 9116, 2.5.5: less than a year; reckoned from the day, so that it is current for as long as the pages are."""

_CONTACT = re.compile(r"(mailto:[^\s@]+@[^\s@]+\.[^\s@]+|https://[^\s]+|tel:\+[0-9-]+)")


class ContactRefused(ValueError):  # it names what is wrong
    """The contact is no mailto:, https: or tel: address."""


def security_txt(*, contacts: tuple[str, ...], origin: str, now: datetime) -> str:
    """Return the file's text; raises ContactRefused for no contact, or one that is no address (RFC 9116, 2.5.3)."""
    if not contacts or not all(_CONTACT.fullmatch(one) for one in contacts):
        raise ContactRefused
    expires_at = datetime.combine((now.astimezone(UTC) + VALID_FOR).date(), datetime.min.time(), UTC)
    lines = [
        *(f"Contact: {one}" for one in contacts),
        f"Expires: {expires_at:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: en, cy",
        f"Canonical: {origin}/.well-known/security.txt",
    ]
    return "\r\n".join(lines) + "\r\n"
