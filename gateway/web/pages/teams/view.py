"""Lists the teams."""

from __future__ import annotations

from starlette.responses import Response

from gateway.web.asked import Asked


def draw(asked: Asked) -> Response:
    """Show every team's numbers; this asks nothing of anything that could be down."""
    return asked.show("teams/teams.html", teams=asked.teams.all_by_name(), national=asked.teams.national)
