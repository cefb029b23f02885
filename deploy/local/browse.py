"""`make browse`: the pages of the running suite in a Chromium that trusts its authority, with somebody signed in."""

import os
import sys
import time
from pathlib import Path

from deploy.local.browser import find_chromium, flags, trusting_home
from deploy.local.fault import Fault
from deploy.local.settlement.outside import Account
from deploy.local.suite import Suite

_A_STEP_SECONDS = 30
_TRIES = 3


def browse(root: Path, username: str) -> None:
    """Open the pages as this user, and return when the window is closed.

    Raises Fault where nothing runs, where there is no such user, no display, or no Chromium.
    """
    suite = Suite(root)
    found = suite.endpoints()
    if not suite.is_running() or not found.get("web"):
        raise Fault("Nothing runs here. Start it with `make run`, then try again.")
    account = _account(found, username)
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        msg = (
            "There is no display here, so no window can be opened. Run this at a desktop, or look at docs/pages.\n"
            f"The pages are at {found['web']}, and their authority is {found['ca']}."
        )
        raise Fault(msg)
    _open(root / "browser" / username, suite.ca, str(found["web"]), account)


def _open(profile: Path, authority: Path, origin: str, account: Account) -> None:
    # Only this command needs it, and it takes a second to import.
    from playwright.sync_api import Error, Page, sync_playwright  # noqa: PLC0415

    def signs_in(page: Page) -> None:
        for _ in range(_TRIES):
            page.goto(f"{origin}/sign-in")
            if not page.url.endswith("/sign-in"):
                return
            page.get_by_label("User name").fill(account.username)
            page.get_by_label("Password", exact=True).fill(account.password)
            page.get_by_label("Six digits").fill(account.code())
            with page.expect_navigation():
                page.get_by_role("button", name="Sign in").click()
            if not page.url.endswith("/sign-in"):
                return
            print("the code of this half minute was used before: waiting for the next", flush=True)
            time.sleep(_A_STEP_SECONDS - time.time() % _A_STEP_SECONDS)

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile / "data",
            executable_path=find_chromium(),
            headless=False,
            no_viewport=True,
            args=flags(),
            env={**trusting_home(profile / "home", [authority])},
        )
        page = context.pages[0] if context.pages else context.new_page()
        signs_in(page)
        print(f"signed in as {account.username} at {origin}; close the window to end this", flush=True)
        try:
            while context.pages:
                context.pages[0].wait_for_event("close", timeout=0)
        except Error:
            # The whole browser was closed at once.
            return


def _account(found: dict[str, object], username: str) -> Account:
    users = found.get("users")
    for user in users if isinstance(users, list) else []:
        if user["username"] == username:
            return Account(username, user["password"], user["totp_secret"], user["organisation"], tuple(user["roles"]))
    names = ", ".join(user["username"] for user in users) if isinstance(users, list) else ""
    msg = f"There is no user {username!r}. There are: {names}."
    raise Fault(msg)
