"""The pages as an application in this process: an edge that answers as told, a browser that says what it likes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

from starlette.types import Message

from deploy.local.layout import PROJECT
from gateway.web import cookies, visitor
from gateway.web.assets import Assets
from gateway.web.cookies import Jar
from gateway.web.page import Page
from gateway.web.policy import read_policy
from gateway.web.sealing import Seal
from gateway.web.serving import Serving
from gateway.web.site import Site
from gateway.web.teams import read_teams
from gateway.web.templating import environment, prepared
from gateway.web.urls import TABLE
from gateway.web.visitor import Visitor
from services.runtime.channels import PeerChannel
from services.runtime.errors import DependencyUnavailable
from services.runtime.telemetry import Telemetry

ORIGIN = "https://pages.test"
NOW = datetime(2030, 5, 14, 9, 30, tzinfo=UTC)
LEEDS = "E08000035"
TEMPLATES = prepared(environment())


@dataclass
class SetClock:
    """A clock that is set by hand."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class Call:
    """One call as it reached the edge."""

    method: str
    request: Any
    metadata: list[tuple[str, str]]
    idempotent: bool


@dataclass
class ToldEdge:
    """An edge that answers by method's name, and is down for every other."""

    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def unary_unary(self, method: str, *_: object, **__: object) -> str:
        return method

    def call(self, method: str, request: Any, *, idempotent: bool, metadata: list[tuple[str, str]]) -> Any:
        self.calls.append(Call(method, request, metadata, idempotent))
        answer = self.answers.get(method.rpartition("/")[2])
        if answer is None:
            raise DependencyUnavailable
        return answer(request)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.text, re.DOTALL)
        return unescape(found[1]) if found else ""

    @property
    def h1(self) -> list[str]:
        return [unescape(one).strip() for one in re.findall(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)]

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        assert found
        return found[1]

    @property
    def act(self) -> str:
        found = re.search(r'name="act" value="([^"]+)"', self.text)
        assert found
        return found[1]


def a_visitor(**changes: Any) -> Visitor:
    """Return a practitioner of Leeds who signed in a minute ago."""
    values: dict[str, Any] = {
        "handle": "h" * 43,
        "tag": "0b0c7a52-93f5-4f2d-8a50-0d9a3f9f4b11",
        "person_id": "6a0f2f3c-3f3e-4f3b-9d3e-1c1c1c1c1c1c",
        "name": "Siân O’Connor",
        "organisation_id": "7b0f2f3c-3f3e-4f3b-9d3e-1c1c1c1c1c1c",
        "organisation_name": "Leeds Community Health",
        "authority": LEEDS,
        "roles": ("ROLE_PRACTITIONER",),
        "signed_in_at": NOW - timedelta(minutes=1),
        "expires_at": NOW + timedelta(hours=11),
        "idle_seconds": 900,
        "used_at": NOW - timedelta(minutes=1),
        "policy_due": False,
        "policy_version": 1,
        **changes,
    }
    return Visitor(**values)


class Pages:
    """One site, and one browser that holds cookies."""

    def __init__(self, static: Path, *, table: tuple[Page, ...] = TABLE, workers: int = 2, waiting: int = 4) -> None:
        self.edge = ToldEdge()
        self.clock = SetClock()
        self.seal = Seal(bytes(range(32)))
        self.site = Site(
            origin=ORIGIN,
            table=table,
            templates=TEMPLATES,
            assets=Assets(static),
            seal=self.seal,
            teams=read_teams(PROJECT / "deploy" / "config" / "teams-synthetic.toml"),
            policy=read_policy(PROJECT / "deploy" / "config" / "policy.md"),
            channel=cast("PeerChannel", self.edge),
            clock=self.clock,
        )
        self.app = Serving(
            self.site, telemetry=Telemetry.nothing(), workers=workers, waiting=waiting, arrival_seconds=0.3
        )
        self.held: dict[str, str] = {}

    def sign_in(self, found: Visitor | None = None) -> Visitor:
        """Let the browser hold a session without asking anybody."""
        who = found or a_visitor()
        jar = Jar({})
        visitor.keep(who, jar, self.seal)
        self._take(jar.lines())
        return who

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: Mapping[str, Any] | bytes, **headers: str | None) -> Answer:
        content = form if isinstance(form, bytes) else urlencode(form, doseq=True).encode()
        said: dict[str, str | None] = {
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(content)),
            "origin": ORIGIN,
            "sec-fetch-site": "same-origin",
        }
        return self.ask("POST", path, content=content, headers={**said, **headers})

    def ask(
        self, method: str, path: str, *, content: bytes = b"", headers: Mapping[str, str | None] | None = None
    ) -> Answer:
        """Ask as a browser does; header names may have `_` for `-`, and None leaves one out."""
        said: dict[str, str | None] = {
            "host": ORIGIN.removeprefix("https://"),
            "cookie": "; ".join(f"{name}={value}" for name, value in self.held.items()),
            **{name.replace("_", "-"): value for name, value in (headers or {}).items()},
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in said.items() if value is not None]
        plain, _, query = path.partition("?")
        scope = {
            "type": "http", "method": method, "path": plain, "query_string": query.encode(), "headers": raw,
        }  # fmt: skip
        return self._answered(scope, content)

    def _answered(self, scope: dict[str, Any], content: bytes) -> Answer:
        sent: list[Message] = []
        incoming: Iterator[Message] = iter([{"type": "http.request", "body": content, "more_body": False}])

        async def receive() -> Message:
            return next(incoming)

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        headers = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        self._take(value for name, value in headers if name == "set-cookie")
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode(errors="replace")
        return Answer(sent[0]["status"], headers, text)

    def _take(self, lines: Iterator[str]) -> None:
        for line in lines:
            pair, _, attributes = line.partition(";")
            ((name, value),) = cookies.read(pair).items()
            if "Max-Age=0" in attributes:
                self.held.pop(name, None)
            else:
                self.held[name] = value
