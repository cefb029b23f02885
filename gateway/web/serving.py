"""What happens to a request: one procedure for every page, written once.

1. The request names our address, comes from our own pages where it must, and is not wanted for a frame.
2. The page: an address of the table, asked for in the way that the table says.
3. The visitor, from the sealed cookie; who may not see the page is told so, before anything of it is read.
4. A form: small, in time, and drawn for this session. Anything absent is a refusal.
5. The view, on a thread of its own, within the deadline of one call; people without a session have threads apart.
6. A refusal that the view did not expect becomes its page; anything else becomes a page with a reference.
7. The headers and cookies that every answer has.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import time
from dataclasses import dataclass, replace

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.web import cookies, refusals, security, submitted, visitor
from gateway.web.asked import Asked
from gateway.web.assets import FOLDER
from gateway.web.cookies import Jar
from gateway.web.errors import (
    FormTooLarge,
    FormTooSlow,
    FormUnreadable,
    NotForYou,
    PageError,
    PageNotFound,
    SignInFirst,
    WrongMethod,
)
from gateway.web.page import ANYONE, Page
from gateway.web.refusal import Refusal
from gateway.web.site import Site
from gateway.web.submitted import LARGEST_FORM_BYTES, Submitted
from gateway.web.visitor import Visitor
from gateway.web.workers import Workers
from services.runtime import deadline as deadlines
from services.runtime.errors import ServiceError
from services.runtime.telemetry import Telemetry, where

log = logging.getLogger(__name__)

PROCESS = "gateway.web"
_LONGEST_QUERY_BYTES = 512
_FORM_TYPE = "application/x-www-form-urlencoded"
_SESSION_OVER = frozenset({"SESSION_ENDED", "NOT_AUTHENTICATED"})
_NOTHING = Submitted({})
_UNLISTED = "unlisted"


@dataclass(frozen=True)
class _Come:
    """One request's first lines."""

    method: str
    path: str
    headers: dict[str, str]
    jar: Jar


class Serving:
    """The pages as an ASGI application."""

    def __init__(self, site: Site, *, telemetry: Telemetry, workers: int, waiting: int, arrival_seconds: float) -> None:
        self._site = site
        self._telemetry = telemetry
        self._workers = Workers(workers, waiting=waiting, name="page")
        # A flood of sign-ins, which anybody can send, must not keep those who are signed in from a child.
        self._workers_for_strangers = Workers(max(1, workers // 2), waiting=waiting, name="stranger")
        self._arrival_seconds = arrival_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        headers = security.joined(scope["headers"])
        come = _Come(scope["method"], scope["path"], headers, Jar(cookies.read(headers.get("cookie", ""))))
        try:
            response = await self._answer(come, request)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # the page of refusal itself could not be drawn
            log.error("refusal_failed", extra={"error_type": type(error).__name__, "where": where(error)})  # noqa: TRY400  # no text
            response = self._last_words()
        await response(scope, receive, send)

    def _last_words(self) -> Response:
        team = self._site.teams.national
        text = f"Something went wrong. Telephone {team.name}: {team.day} ({team.hours}), {team.night} at other times.\n"
        return PlainTextResponse(text, 500, headers=dict(security.PAGE_HEADERS))

    def close(self) -> None:
        """Wait for the pages that are being drawn."""
        self._workers.close()
        self._workers_for_strangers.close()

    async def _answer(self, come: _Come, request: Request) -> Response:
        if come.path.startswith(FOLDER) and come.method in ("GET", "HEAD"):
            try:
                return self._site.assets.answer(come.path, takes_gzip="gzip" in come.headers.get("accept-encoding", ""))
            except PageNotFound:
                return PlainTextResponse("Not found", 404, headers=dict(security.PAGE_HEADERS))
        began = time.monotonic()
        method = "GET" if come.method == "HEAD" else come.method
        page = self._site.methods_of(come.path).get(method)
        name = page.name if page is not None else _UNLISTED
        # What the browser says of traces is not read; the calls that the page makes join its span.
        span = self._telemetry.tracer.start_span(name, context=Context(), kind=SpanKind.SERVER)
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            response, reason = await self._with_boundary(come, method, page, request)
        duration_ms = (time.monotonic() - began) * 1000
        ended = {"process": PROCESS, "method": name, "code": str(response.status_code), "reason": reason}
        span.set_attributes({**ended, "duration_ms": duration_ms})
        span.end()
        self._telemetry.calls.add(1, ended)
        self._telemetry.durations.record(duration_ms, {"process": PROCESS, "method": name})
        # 7.
        for header, value in security.PAGE_HEADERS.items():
            response.headers.setdefault(header, value)
        if "transfer-encoding" in come.headers:
            # What follows on this connection may not be what its sender thinks.
            response.headers["Connection"] = "close"
        for line in come.jar.lines():
            response.headers.append("set-cookie", line)
        return response

    async def _with_boundary(
        self, come: _Come, method: str, page: Page | None, request: Request
    ) -> tuple[Response, str]:
        found: Visitor | None = None
        try:
            # 1.
            is_public = page is None or page.who.is_public
            security.check_request(method, come.headers, origin=self._site.origin, is_public=is_public)
            # 2. Who asks is known first, so that a wrong address too is answered with the own team's numbers.
            found = visitor.of(come.jar, self._site.seal, now=self._site.clock.now())
            page = self._listed(come.path, page)
            # 3.
            if (turned := self._turned_away(come, page, found)) is not None:
                return turned, ""
            # 4.
            query = self._query_of(request)
            form = await self._form_of(come, request, found) if method == "POST" else _NOTHING
            # 5.
            asked = Asked(self._site, page=page, method=method, jar=come.jar, found=found, form=form, query=query)
            return await self._viewed(page, asked), ""
        except ClientDisconnect:
            raise
        # 6.
        except (ServiceError, PageError) as refused:
            return self._refused(refused, come, page, found), refused.reason
        except Exception as error:  # noqa: BLE001  # whatever it is, the browser gets a page with a reference
            reference = secrets.token_hex(4)
            place = {"error_type": type(error).__name__, "where": where(error)}
            log.error("page_failed", extra={"reference": reference, **place})  # noqa: TRY400  # no text
            return self._drawn(refusals.PAGES["PAGE_FAILED"], reference, come, found), "PAGE_FAILED"

    def _listed(self, path: str, page: Page | None) -> Page:
        if page is None:
            raise WrongMethod if self._site.methods_of(path) else PageNotFound
        return page

    def _turned_away(self, come: _Come, page: Page, found: Visitor | None) -> Response | None:
        if page.who.is_public:
            return None
        if found is None:
            if page.method == "GET":
                return _go("/sign-in")
            if come.jar.get(visitor.COOKIE) is not None:
                come.jar.drop(visitor.COOKIE)
                return _go("/sign-in?why=ended")
            raise SignInFirst
        if page.method == "GET" and found.idle_in_seconds(self._site.clock.now()) == 0:
            # What this page would draw from the browser's own cookies no call would refuse. A form goes on to its view,
            # which keeps what was typed, and to the edge, which refuses.
            return self._ended(come, found)
        if found.policy_due and not page.before_policy:
            return _go("/policy")
        if not page.who.includes(found):
            raise NotForYou
        return None

    def _query_of(self, request: Request) -> Submitted:
        raw: bytes = request.scope["query_string"]
        if len(raw) > _LONGEST_QUERY_BYTES:
            raise FormTooLarge
        return submitted.read(raw)

    async def _form_of(self, come: _Come, request: Request, found: Visitor | None) -> Submitted:
        if come.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
            raise FormUnreadable
        if come.headers.get("content-length", "0").isdigit() is False:
            raise FormUnreadable
        if int(come.headers.get("content-length", "0")) > LARGEST_FORM_BYTES:
            raise FormTooLarge
        try:
            async with asyncio.timeout(self._arrival_seconds):
                form = submitted.read(await _body_of(request))
        except TimeoutError:
            raise FormTooSlow from None
        security.check_form(form.one(security.FORM_FIELD), found, come.jar, self._site.seal)
        return form

    async def _viewed(self, page: Page, asked: Asked) -> Response:
        def view() -> Response:
            with deadlines.within(deadlines.LONGEST_SECONDS):
                return page.view(asked)

        workers = self._workers if asked.visitor_or_none is not None else self._workers_for_strangers
        return await workers.draw(view)

    def _refused(
        self, refused: ServiceError | PageError, come: _Come, page: Page | None, found: Visitor | None
    ) -> Response:
        reference = secrets.token_hex(4)
        log.info("page_refused", extra={"reference": reference, "reason": refused.reason, "method": _name_of(page)})
        if refused.reason in _SESSION_OVER and found is not None:
            return self._ended(come, found)
        if refused.reason == "CONDITION_LAPSED_POLICY" and found is not None:
            visitor.keep(replace(found, policy_due=True), come.jar, self._site.seal)
            return _go("/policy")
        response = self._drawn(refusals.of(refused), reference, come, found)
        if isinstance(refused, WrongMethod):
            response.headers["Allow"] = ", ".join(sorted(self._site.methods_of(come.path)))
        if isinstance(refused, ServiceError) and refused.retry_after_seconds is not None:
            response.headers["Retry-After"] = str(math.ceil(refused.retry_after_seconds))
        return response

    def _ended(self, come: _Come, found: Visitor) -> Response:
        Asked(
            self._site, page=None, method="GET", jar=come.jar, found=found, form=_NOTHING, query=_NOTHING
        ).forget_visitor()
        return _go("/sign-in?why=ended")

    def _drawn(self, refusal: Refusal, reference: str, come: _Come, found: Visitor | None) -> Response:
        # Without the edge, without a form, without the view: nothing here can be refused again.
        page = Page(path=come.path, view=_no_view, who=ANYONE, title=refusal.heading)
        asked = Asked(self._site, page=page, method="GET", jar=come.jar, found=found, form=_NOTHING, query=_NOTHING)
        return asked.show(
            "refusal.html", status=refusal.status, refusal=refusal, reference=reference, origin=self._site.origin
        )


async def _body_of(request: Request) -> bytes:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > LARGEST_FORM_BYTES:
            raise FormTooLarge
    return content


def _go(path: str) -> Response:
    return Response(status_code=303, headers={"Location": path})


def _name_of(page: Page | None) -> str:
    return page.name if page is not None else _UNLISTED


def _no_view(_: Asked) -> Response:
    raise AssertionError("a refusal has no view")
