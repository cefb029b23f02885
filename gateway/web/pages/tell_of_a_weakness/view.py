"""Answers /.well-known/security.txt."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from gateway.web.asked import Asked
from gateway.web.errors import PageNotFound
from gateway.web.security_txt import security_txt


def draw(asked: Asked) -> Response:
    """Return the file; raises PageNotFound where no contact is configured."""
    contacts = asked.site.security_contacts
    if not contacts:
        raise PageNotFound
    return PlainTextResponse(security_txt(contacts=contacts, origin=asked.site.origin, now=asked.now))
