"""One request, as a view sees it."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from gateway.web import mediation, security, visitor
from gateway.web.cookies import Jar
from gateway.web.edge import Edge
from gateway.web.errors import FormUnreadable, SignInFirst
from gateway.web.kept import TYPED_COOKIE, Kept, Typed
from gateway.web.mediation import Mediation
from gateway.web.page import Page
from gateway.web.submitted import Submitted
from gateway.web.teams import Team, Teams
from gateway.web.visitor import Visitor

if TYPE_CHECKING:
    from gateway.web.site import Site

SERVICE_NAME = "ContactPoint"


class Asked:
    """Who asks, what the form or address says, the edge to ask, and the ways to answer."""

    def __init__(
        self,
        site: Site,
        *,
        page: Page | None,
        method: str,
        jar: Jar,
        found: Visitor | None,
        form: Submitted,
        query: Submitted,
    ) -> None:
        self._site = site
        self._page = page
        self._method = method
        self._query = query
        self._visitor = found
        self.jar = jar
        self.form = form
        """What was submitted: `.one(name)`, `.every(name)`, `.exact(name)`, `.as_typed()`."""

    def __repr__(self) -> str:
        """Return a text without the person and the form."""
        return "Asked()"

    @property
    def visitor(self) -> Visitor:
        """Who is signed in; raises SignInFirst without a session."""
        if self._visitor is None:
            raise SignInFirst
        return self._visitor

    @property
    def visitor_or_none(self) -> Visitor | None:
        """Who is signed in, or None on a page for anyone."""
        return self._visitor

    @property
    def site(self) -> Site:
        """What is the same for all requests: teams, policy, settings."""
        return self._site

    @property
    def teams(self) -> Teams:
        """All teams."""
        return self._site.teams

    @property
    def team(self) -> Team:
        """The visitor's own team; the national one where nobody is signed in."""
        return self._site.teams.of(self._visitor.authority if self._visitor else "")

    @property
    def now(self) -> datetime:
        """The present instant, in UTC."""
        return self._site.clock.now()

    def query(self, name: str) -> str:
        """Return a value of the address's query, "" where there is none."""
        return self._query.one(name)

    @property
    def act(self) -> str:
        """The UUID that the form carried for this act, made when it was drawn: a double press is one act.

        Raises FormUnreadable where there is none.
        """
        try:
            return str(uuid.UUID(self.form.one("act")))
        except ValueError:
            raise FormUnreadable from None

    @cached_property
    def edge(self) -> Edge:
        """The edge: `asked.edge.directory.OpenRecord(request)`; raises ServiceError."""
        session = self._visitor.handle if self._visitor else ""
        return self._site.edge(session, self._note_use)

    @cached_property
    def kept(self) -> Kept:
        """What this session's open pages need to be drawn again."""
        return Kept(jar=self.jar, seal=self._site.seal, session_tag=self.visitor.tag, now=self.now)

    @cached_property
    def typed(self) -> Typed:
        """What this person typed into a search."""
        return Typed(jar=self.jar, seal=self._site.seal, person_id=self.visitor.person_id, now=self.now)

    @property
    def mediation(self) -> Mediation | None:
        """For which colleague a mediator looks now, or None."""
        if self._visitor is None:
            return None
        return mediation.of(self.jar, self._site.seal, session_tag=self._visitor.tag, now=self.now)

    def sign_in_as(self, found: Visitor) -> None:
        """Let the browser hold a new visitor, or the same one with something changed."""
        self._visitor = found
        visitor.keep(found, self.jar, self._site.seal)

    def forget_visitor(self) -> None:
        """Let the browser hold nobody: the session has ended. What was typed stays, for the same person."""
        if self._visitor is not None:
            self.kept.drop_all()
            mediation.forget(self.jar)
        self._visitor = None
        self.jar.drop(visitor.COOKIE)

    def forget_typed(self) -> None:
        """Let the browser hold nothing of what was typed, whoever typed it."""
        self.jar.drop(TYPED_COOKIE)

    def signed_out(self, path: str) -> Response:
        """Return: go on to `path`, and hold nothing of ours any more."""
        self._visitor = None
        self.jar.drop_all()
        answer = self.go(path)
        answer.headers.update(security.FORGET_EVERYTHING)
        return answer

    def show(
        self,
        template: str,
        *,
        heading: str | None = None,
        status: int = 200,
        errors: Mapping[str, str] | None = None,
        shows_child: bool = False,
        **values: Any,
    ) -> Response:
        """Return a page.

        `template` is below `pages/`, such as "sign_in/sign_in.html". `heading` is h1 and title. `errors` maps the id of
        a field to a sentence: they become the summary, and "Error: " stands before the title. `shows_child` adds who
        looks, when, and the way to leave.
        """
        said = heading if heading is not None else self._page.title if self._page else SERVICE_NAME
        text = self._site.templates.get_template(template).render(
            heading=said,
            errors=dict(errors or {}),
            shows_child=shows_child,
            **self._of_every_page(),
            **values,
        )
        return HTMLResponse(text, status)

    def go(self, path: str) -> Response:
        """Return: go on to a page of ours (303)."""
        return RedirectResponse(path, 303)

    def _note_use(self) -> None:
        if self._visitor is not None:
            self.sign_in_as(dataclasses.replace(self._visitor, used_at=self.now))

    def _of_every_page(self) -> dict[str, Any]:
        found = self._visitor
        return {
            "service_name": SERVICE_NAME,
            "visitor": found,
            "team": self.team,
            "now": self.now,
            "mediation": self.mediation,
            "path": self._page.path if self._page else "",
            "menu": self._site.menu_of(found),
            "idle_seconds": found.idle_in_seconds(self.now) if found else 0,
            "asset": self._site.assets.path_of,
            "csrf_token": self._lazy_token(),
            "new_act": lambda: str(uuid.uuid4()),
        }

    def _lazy_token(self) -> Callable[[], str]:
        # Only a page with a form makes the cookie that a form before sign-in is bound to.
        return lambda: security.form_token(self._visitor, self.jar, self._site.seal)
