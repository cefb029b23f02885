"""The pages as browsers ask for them: search to results, reason to record, at 1 and 32 users; whose work they are."""

from __future__ import annotations

import argparse
import html
import http.client
import json
import os
import re
import ssl
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench.journeys import NO_CEILINGS, dated
from deploy.local.population.child import Child
from deploy.local.settlement.outside import Account
from deploy.local.suite import Suite
from tests.support.living import start_living

_TICKS = os.sysconf("SC_CLK_TCK")
_PEOPLE = ("nurse", "health.visitor", "social.worker", "constable")
_SESSIONS = 32
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_CHILD = re.compile(r'name="child" value="([^"]+)"')
_SERVICES = ("identity", "directory", "shielding", "audit.ledger", "audit.review")


def main() -> None:
    """Measure and print one line of JSON; with --out, write it to a file and draw its plot beside it."""
    arguments = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    arguments.add_argument("--children", type=int, default=20_000)
    arguments.add_argument("--seconds", type=float, default=20.0, help="at each number of users")
    arguments.add_argument("--out", type=Path, help="JSON file; an SVG of the same name is drawn beside it")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="contactpoint-bench-") as folder:
        living = start_living(Path(folder) / "suite", children=chosen.children, limits=NO_CEILINGS)
        try:
            children = [child for child, _ in zip(dated(living, chosen.children), range(500), strict=False)]
            accounts = [living.cast.accounts[_PEOPLE[number % len(_PEOPLE)]] for number in range(_SESSIONS)]
            figures = measure(living.suite, accounts, children, seconds=chosen.seconds)
        finally:
            living.suite.stop()
    figures = {"children": chosen.children, **figures}
    print(json.dumps(figures))
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
        drawn(figures, chosen.out.with_suffix(".svg"))


@dataclass
class Browser:
    """One person's browser, as far as it asks for pages: one connection, cookies, forms."""

    origin: str
    authority: Path
    cookies: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPSConnection | None = None

    def sign_in(self, account: Account) -> None:
        """Sign in with name, password and code."""
        page = self.ask("GET", "/sign-in")
        form = {"username": account.username, "password": account.password, "code": account.code()}
        self.ask("POST", "/sign-in", {**_hidden(page), **form})

    def search(self, child: Child) -> str:
        """Return the page of results."""
        page = self.ask("GET", "/search")
        born = child.date_of_birth
        form = {
            "surname": child.name.surname,
            "given-names": child.name.given_names,
            "born-day": str(born.day),
            "born-month": str(born.month),
            "born-year": str(born.year),
        }
        return self.timed("search to results", "POST", "/search", {**_hidden(page), **form})

    def open(self, results: str) -> None:
        """Choose the first child, state a reason, and see the record."""
        found = _CHILD.search(results)
        if found is None:
            return
        reason = self.ask("POST", "/record/choose", {**_hidden(results), "child": html.unescape(found[1])})
        record = self.timed(
            "reason to record", "POST", "/record/reason", {**_hidden(reason), "reason": "SAFEGUARDING_CONCERN"}
        )
        if "Who works with this child" not in record:
            raise RuntimeError("no record came")

    spent: list[tuple[str, float]] = field(default_factory=list)

    def timed(self, what: str, method: str, path: str, form: dict[str, str]) -> str:
        """Ask, follow where it leads, and note the milliseconds until the whole page was there."""
        begun = time.perf_counter()
        page = self.ask(method, path, form)
        self.spent.append((what, (time.perf_counter() - begun) * 1000))
        return page

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> str:
        """Return a page, going on where a form leads on."""
        while True:
            try:
                answer, page = self._once(method, path, form)
            except (http.client.RemoteDisconnected, http.client.CannotSendRequest, ConnectionError):
                # The server closes what stands idle, as browsers know.
                self._connection = None
                answer, page = self._once(method, path, form)
            location = answer.headers.get("Location")
            if location is None:
                if answer.status >= 400:  # noqa: PLR2004  # HTTP's refusals
                    raise RuntimeError(f"{method} {path}: {answer.status}")
                return page
            method, path, form = "GET", location, None

    def _once(self, method: str, path: str, form: dict[str, str] | None) -> tuple[http.client.HTTPResponse, str]:
        if self._connection is None:
            where = urlsplit(self.origin)
            context = ssl.create_default_context(cafile=str(self.authority))
            self._connection = http.client.HTTPSConnection(
                where.hostname or "", where.port, timeout=20, context=context
            )
        said = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
        if self.cookies:
            said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            said |= {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"}
        content = urlencode(form) if form is not None else None
        self._connection.request(method, path, content, said)
        answer = self._connection.getresponse()
        page = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.split(";")[0].partition("=")
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer, page


def measure(suite: Suite, accounts: list[Account], children: list[Child], *, seconds: float) -> dict[str, Any]:
    """Return the figures of one run."""
    endpoints = suite.endpoints()
    browsers = [Browser(endpoints["web"], suite.ca) for _ in accounts]
    # A person's codes work once each: everybody of the same name shares what the first one's cookies hold.
    first: dict[str, Browser] = {}
    for browser, account in zip(browsers, accounts, strict=True):
        if account.username not in first:
            browser.sign_in(account)
            first[account.username] = browser
        else:
            browser.cookies = dict(first[account.username].cookies)
    figures: dict[str, Any] = {}
    for users in (1, len(browsers)):
        figures[f"users_{users}"] = _with_users(suite, browsers[:users], children, seconds)
    return figures


def _with_users(suite: Suite, browsers: list[Browser], children: list[Child], seconds: float) -> dict[str, Any]:
    for browser in browsers:
        browser.spent.clear()
    end = time.monotonic() + seconds
    turn, lock = iter(range(10**9)), threading.Lock()

    def user(browser: Browser) -> int:
        journeys = 0
        while time.monotonic() < end:
            with lock:
                child = children[next(turn) % len(children)]
            browser.open(browser.search(child))
            journeys += 1
        return journeys

    before = _cpu(suite)
    with ThreadPoolExecutor(len(browsers)) as users:
        journeys = sum(users.map(user, browsers))
    cpu = {name: 1000 * (after - before[name]) / journeys for name, after in _cpu(suite).items()}
    spent = [one for browser in browsers for one in browser.spent]
    figures: dict[str, Any] = {"journeys_a_second": round(journeys / seconds, 1)}
    for what in ("search to results", "reason to record"):
        took = sorted(milliseconds for said, milliseconds in spent if said == what)
        figures[what.replace(" ", "_")] = {
            "p50_milliseconds": round(statistics.median(took), 1),
            "p99_milliseconds": round(took[int(len(took) * 0.99)], 1),
        }
    whole = sum(cpu.values())
    services = sum(cpu[name] for name in _SERVICES)
    figures["share_of_processor_time"] = {
        "web": round(cpu["gateway.web"] / whole, 2),
        "edge": round(cpu["gateway.edge"] / whole, 2),
        "services": round(services / whole, 2),
    }
    figures["processor_milliseconds_a_journey"] = round(whole, 1)
    return figures


def _cpu(suite: Suite) -> dict[str, float]:
    found = {}
    for name in ("gateway.web", "gateway.edge", *_SERVICES):
        pid = suite.process(name).pid
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        found[name] = (int(fields[11]) + int(fields[12])) / _TICKS
    return found


def _hidden(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}


def drawn(figures: dict[str, Any], path: Path) -> None:
    """Draw the figures of one run."""
    import matplotlib as mpl  # noqa: PLC0415  # only where it draws

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    drawing, sides = plt.subplots(1, 2, figsize=(9, 3.5))
    for side, users in zip(sides, ("users_1", f"users_{_SESSIONS}"), strict=True):
        for what, colour in (("p99_milliseconds", "#b1b4b6"), ("p50_milliseconds", "#1d70b8")):
            names = ("search_to_results", "reason_to_record")
            side.bar([name.replace("_", " ") for name in names], [figures[users][n][what] for n in names], color=colour)
        side.set_title(users.replace("_", ": "))
        side.set_ylabel("milliseconds: p50, and p99 behind it")
    drawing.tight_layout()
    drawing.savefig(path)


if __name__ == "__main__":
    main()
