"""A person at a browser, who works by the words on the page; every page on the way is held to the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from deploy.local.settlement.outside import Account
from tests.pages.hands import Hands
from tests.pages.manners import WITH_SCRIPT, Manner
from tests.pages.rules import broken_rules
from tests.pages.scripts import script
from tests.support.browser import PATIENCE_MILLISECONDS
from tests.support.town import Town

# What Chromium says of every answer that is no 2xx, and of a sign-out; the page itself says the rest.
_EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of|Clear-Site-Data header on")


@dataclass
class Person:
    """One browser window of one person."""

    page: Page
    town: Town
    manner: Manner
    hands: Hands
    complaints: list[str] = field(default_factory=list)
    """What a page, the browser's console or the rules had to say against it."""
    address: str = ""
    """Where the pages are, if not where the suite has them."""

    @property
    def origin(self) -> str:
        """Where the pages are."""
        return self.address or str(self.town.suite.endpoints()["web"])

    @property
    def heading(self) -> str:
        """The page's heading."""
        return self.page.locator("h1").inner_text()

    @property
    def path(self) -> str:
        """The address without origin and query."""
        return self.page.url.removeprefix(self.origin).partition("?")[0]

    # going --------------------------------------------------------------------------------------------------------

    def goes(self, path: str) -> None:
        """Type an address of ours."""
        self.page.goto(self.origin + path)
        self._arrived()

    def presses(self, name: str, *, within: Locator | None = None, exact: bool = True) -> None:
        """Press the button of this name, and arrive at the next page."""
        self._goes_by((within or self.main).get_by_role("button", name=name, exact=exact).first)

    def follows(self, name: str, *, within: Locator | None = None) -> None:
        """Follow the link of these words, though it may look like a button, and arrive at the next page."""
        words = re.compile(rf"^\s*{re.escape(name)}\s*$")
        self._goes_by((within or self.page.locator("body")).locator("a", has_text=words).first)

    def opens_menu(self, name: str) -> None:
        """Follow a link of the menu, which a narrow window hides behind a button where there are scripts."""
        menu = self.page.locator(".govuk-service-navigation")
        toggle = menu.get_by_role("button", name="Menu")
        if toggle.is_visible():
            self.hands.press(self.page, toggle)
        self.follows(name, within=menu)

    def goes_back(self) -> None:
        """Press the browser's back button."""
        self.page.go_back()

    # filling ------------------------------------------------------------------------------------------------------

    def fills(self, label: str, text: str) -> None:
        """Put text into the field of this label."""
        self.hands.fill(self.page, self.main.get_by_label(label, exact=True), text)

    def fills_date(self, legend: str, day: int | str, month: int | str, year: int | str) -> None:
        """Put a date into the three fields of this legend."""
        group = self.main.get_by_role("group", name=legend)
        for label, value in (("Day", day), ("Month", month), ("Year", year)):
            self.hands.fill(self.page, group.get_by_label(label, exact=True), str(value))

    def chooses(self, label: str, *, within: Locator | None = None) -> None:
        """Choose the radio button, or tick the box, of this label."""
        self.hands.press(self.page, (within or self.main).get_by_label(label, exact=True))

    def chooses_in_row(self, text: str) -> None:
        """Tick the box of the row that says this."""
        self.hands.press(self.page, self.main.get_by_role("listitem").filter(has_text=text).get_by_role("checkbox"))

    # reading ------------------------------------------------------------------------------------------------------

    @property
    def main(self) -> Locator:
        """What the page is about."""
        return self.page.locator("main")

    def sees(self, text: str) -> None:
        """Be sure that the page says this."""
        expect(self.main).to_contain_text(text, timeout=PATIENCE_MILLISECONDS)

    def is_at(self, heading: str) -> None:
        """Be sure that this is the heading."""
        expect(self.page.locator("h1")).to_have_text(heading, timeout=PATIENCE_MILLISECONDS)

    # signing in ---------------------------------------------------------------------------------------------------

    def signs_in(self, username: str) -> Account:
        """Go to the sign-in page and sign in with user name, password and the code of now."""
        account = self.town.cast.accounts[username]
        self.town.give_codes_back(account)
        if self.path != "/sign-in" or not self.main.get_by_label("User name").count():
            self.goes("/sign-in")
        self.fills("User name", account.username)
        self.fills("Password", account.password)
        self.fills("Six digits", account.code())
        self.presses("Sign in")
        return account

    def signs_in_after_another(self, username: str) -> Account:
        """Sign out, then sign in as somebody else."""
        self.presses("Sign out", within=self.page.locator("header"))
        return self.signs_in(username)

    # held to the rules --------------------------------------------------------------------------------------------

    def is_content(self) -> None:
        """Be sure that nothing was wrong with any page on the way."""
        unseen = [f"nobody sees that {what} has the focus" for what in getattr(self.hands, "unseen", ())]
        assert not [*self.complaints, *unseen], "\n".join(dict.fromkeys([*self.complaints, *unseen]))

    def _goes_by(self, control: Locator) -> None:
        with self.page.expect_navigation(wait_until="load", timeout=PATIENCE_MILLISECONDS):
            self.hands.press(self.page, control)
        self._arrived()

    def _arrived(self) -> None:
        self.complaints += [f"{self.path}: {one}" for one in broken_rules(self.page, self.manner)]


@contextmanager
def at_the_screen(browser: Browser, town: Town, manner: Manner = WITH_SCRIPT) -> Iterator[Person]:
    """Yield a person with a fresh browser profile; nothing of it is left afterwards."""
    context = browser.new_context(
        viewport={"width": manner.width, "height": manner.height},
        java_script_enabled=manner.has_script,
        locale="en-GB",
        timezone_id="Europe/London",
    )
    try:
        yield person_in(context, town, manner)
    finally:
        context.close()


def person_in(context: BrowserContext, town: Town, manner: Manner = WITH_SCRIPT) -> Person:
    """Return a person with a new window of a browser profile."""
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    if manner.has_big_text and not context.pages:
        context.add_init_script(script("bigger_text"))
    page = context.new_page()
    person = Person(page, town, manner, manner.hands())

    def note(text: str) -> None:
        if not _EXPECTED.match(text):
            person.complaints.append(f"console: {text}")

    page.on("console", lambda message: note(message.text))
    page.on("pageerror", lambda error: note(str(error)))
    return person
