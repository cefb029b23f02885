"""A client that says exactly what a test wants said, as no browser would: headers, cookies, forms."""

from __future__ import annotations

import html
import http.client
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

# What Chromium says of itself when a person follows a link of the same site.
LIKE_A_BROWSER: Mapping[str, str] = {
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Accept": "text/html",
}
_SECONDS = 20
_TOKEN = re.compile(r'name="csrf" value="([^"]*)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name, without cookies."""
    cookies: tuple[str, ...]
    """The Set-Cookie lines."""
    text: str

    @property
    def token(self) -> str:
        """The first form's token; raises where there is no form."""
        found = _TOKEN.search(self.text)
        assert found is not None, "no form"
        return html.unescape(found[1])

    @property
    def location(self) -> str:
        """Where it leads on, "" where it does not."""
        return self.headers.get("location", "")


@dataclass
class Plain:
    """One client with cookies of its own."""

    origin: str
    authority: Path
    held: dict[str, str] = field(default_factory=dict)
    last_cookies: tuple[str, ...] = ()
    """The Set-Cookie lines of the last answer."""

    def get(self, path: str, **headers: str | None) -> Answer:
        """Ask for a page; a header of None is left out."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str | None) -> Answer:
        """Send a form, from our own origin where `Origin` says no other."""
        content = urlencode(form).encode()
        said: dict[str, str | None] = {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, content, {**said, **headers})

    def _ask(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str | None]) -> Answer:
        where = urlsplit(self.origin)
        assert where.hostname is not None
        connection = http.client.HTTPSConnection(
            where.hostname,
            where.port,
            timeout=_SECONDS,
            context=ssl.create_default_context(cafile=str(self.authority)),
        )
        # Keyword arguments have no hyphens: Sec_Fetch_Site is Sec-Fetch-Site.
        said = {**LIKE_A_BROWSER, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.held:
            said.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.held.items()))
        try:
            connection.request(
                method, path, content, {name: value for name, value in said.items() if value is not None}
            )
            came = connection.getresponse()
            text = came.read().decode("utf-8", "replace")
            cookies = tuple(value for name, value in came.getheaders() if name.lower() == "set-cookie")
            answer = Answer(came.status, {name.lower(): value for name, value in came.getheaders()}, cookies, text)
        finally:
            connection.close()
        self._hold(cookies)
        self.last_cookies = cookies
        return answer

    def _hold(self, cookies: tuple[str, ...]) -> None:
        for line in cookies:
            pair, *attributes = (part.strip() for part in line.split(";"))
            name, _, value = pair.partition("=")
            if "max-age=0" in {one.lower() for one in attributes}:
                self.held.pop(name, None)
            else:
                self.held[name] = value


def hidden_fields(text: str) -> dict[str, str]:
    """Return the hidden fields of the last form on a page that has them, by name."""
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(text)}
