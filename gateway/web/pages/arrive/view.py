"""Goes on to the start page by a step that begins on our own page, so that the browser sends its cookies."""

from __future__ import annotations

from starlette.responses import Response

from gateway.web.asked import Asked


def draw(asked: Asked) -> Response:
    """Show a page that goes on by itself; it looks the same to everybody."""
    answer = asked.show("arrive/arrive.html")
    # Not a redirect: that would still be the other site's step, and SameSite=Strict would hold the cookies back.
    answer.headers["Refresh"] = "0; url=/"
    return answer
