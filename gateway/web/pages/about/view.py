"""Draws a page that everybody may read."""

from __future__ import annotations

from starlette.responses import Response

from gateway.web.asked import Asked


def draw(asked: Asked) -> Response:
    """Show it; it asks nothing of anything that could be down."""
    return asked.show("about/about.html")
