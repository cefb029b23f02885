"""A nurse's way through the pages, as a browser without JavaScript goes it: from signing in to a telephone number."""

from __future__ import annotations

import html
import http.client
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from deploy.image.engine import NotBuilt
from deploy.local.population.query import Query
from deploy.local.settlement.outside import Account

# What a browser says of itself when a person follows a link of the same site.
_LIKE_A_BROWSER = {
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Accept": "text/html",
}
_SECONDS = 20
_REASON = "SAFEGUARDING_CONCERN"
_TELEPHONE = re.compile(r'href="tel:([0-9]+)"')


def a_nurse_reads_a_number(visitor: Visitor, account: Account, query: Query, number: str) -> str:
    """Sign in, search, say why, and return the number that the page says to call now; raises NotBuilt.

    The page must show `number` too, somewhere; at the end nobody is signed in.
    """
    form = {"username": account.username, "password": account.password, "code": account.code()}
    answer = visitor.post("/sign-in", {"csrf": visitor.get("/sign-in").hidden("csrf"), **form})
    expect(answer.location == "/", f"the nurse signs in (it answered {answer.status})")
    born = query.date_of_birth
    form = {"csrf": visitor.get("/search").hidden("csrf"), "surname": query.surname, "given-names": query.given_names}
    if born is not None:
        form |= {"born-day": str(born.day), "born-month": str(born.month), "born-year": str(born.year)}
    results = visitor.get(visitor.post("/search", form).location)
    chosen = {"csrf": results.hidden("csrf"), "results": results.hidden("results"), "child": results.button("child")}
    reason = visitor.get(visitor.post("/record/choose", chosen).location)
    said = {"csrf": reason.hidden("csrf"), "page": reason.hidden("page"), "reason": _REASON}
    record = visitor.get(visitor.post("/record/reason", said).location)
    numbers = _TELEPHONE.findall(record.text.partition('id="call-now"')[2])
    expect("Call now" in record.text and bool(numbers), "the record says whom to call now")
    expect("".join(number.split()) in numbers, "the record shows the number that is held")
    out = visitor.post("/sign-out", {"csrf": record.hidden("csrf"), "act": record.hidden("act")})
    expect(visitor.get("/").location.startswith("/sign-in"), f"nobody is signed in then (it answered {out.status})")
    return str(numbers[0])


def one_public_page(visitor: Visitor) -> int:
    """Return the size of the page that is there without signing in; raises NotBuilt."""
    answer = visitor.get("/about")
    expect(answer.status == http.HTTPStatus.OK and "govuk" in answer.text, f"a page (it answered {answer.status})")
    return len(answer.text)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    path: str
    status: int
    location: str
    text: str

    def hidden(self, name: str) -> str:
        """Return the value of the first hidden field of that name; raises NotBuilt."""
        return self._valued(rf'<input type="hidden" (?:form="[^"]*" )?name="{name}" value="([^"]*)"', name)

    def button(self, name: str) -> str:
        """Return what the first button of that name sends; raises NotBuilt."""
        return self._valued(rf'<button [^>]*name="{name}" value="([^"]*)"', name)

    def _valued(self, pattern: str, name: str) -> str:
        found = re.search(pattern, self.text)
        expect(found is not None, f"{self.path} has a field {name} (it answered {self.status})")
        return html.unescape(found[1]) if found else ""


@dataclass
class Visitor:
    """One client of the pages with cookies of its own, who finds `host` at a port of this machine."""

    host: str
    port: int
    authority: Path
    _held: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """Send a form of ours."""
        said = {"Origin": f"https://{self.host}", "Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(form), said)

    def _ask(self, method: str, path: str, content: str | None, headers: Mapping[str, str]) -> Answer:
        trusting = ssl.create_default_context(cafile=str(self.authority))
        connection = _Loopback(self.host, self.port, context=trusting, timeout=_SECONDS)
        said = {**_LIKE_A_BROWSER, "Host": self.host, **headers}
        if self._held:
            said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._held.items())
        try:
            connection.request(method, path, content, said)
            came = connection.getresponse()
            text = came.read().decode()
        finally:
            connection.close()
        for line in came.headers.get_all("Set-Cookie", []):
            pair, *attributes = (part.strip() for part in line.split(";"))
            name, _, value = pair.partition("=")
            expect(name.startswith("__Host-"), f"{path} sets a cookie of this host alone")
            if "max-age=0" in {one.lower() for one in attributes}:
                self._held.pop(name, None)
            else:
                self._held[name] = value
        return Answer(path.partition("?")[0], came.status, came.getheader("Location", ""), text)


def expect(holds: bool, claim: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Raise NotBuilt unless it holds."""
    if not holds:
        raise NotBuilt(f"Not so: {claim}.")


def journey_of(visitor: Visitor, say: Callable[[str], None], account: Account, query: Query, number: str) -> None:
    """Go the whole way and say so; raises NotBuilt."""
    say(f"gateway.web served a page of {one_public_page(visitor)} bytes under {visitor.host}")
    called = a_nurse_reads_a_number(visitor, account, query, number)
    say(f"through the pages the nurse signed in, searched, said why, and read whom to call: {called}; signed out")


class _Loopback(http.client.HTTPSConnection):
    """Speaks to this machine and asks for the certificate of the host it was given."""

    def connect(self) -> None:
        """Connect as `hosts` would have it."""
        self.sock = self._create_connection(("127.0.0.1", self.port), self.timeout)  # type: ignore[attr-defined]
        self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)  # type: ignore[attr-defined]
