"""What holds of every page, whoever sees it and however they came there."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page

from tests.pages.manners import Manner
from tests.pages.scripts import script

SERVICE = "ContactPoint"
# Ten digits written 5 + 5 or together, or an NHS number 3 + 3 + 4; a handle is 64 bytes, 86 letters of base64.
_IDENTIFIERS = re.compile(r"(?<!\d)(\d{5}[ %20+-]*\d{5}|\d{3}[ -]?\d{3}[ -]?\d{4})(?!\d)|[A-Za-z0-9_-]{80,}")
_LABELLED = re.compile(r"^tel:")


def broken_rules(page: Page, manner: Manner) -> list[str]:
    """Return what is wrong with the page that is open, one line for each thing."""
    seen: dict[str, Any] = page.evaluate(script("describe"))
    found = []
    title = seen["title"].removeprefix("Error: ")
    if len(seen["headings"]) != 1:
        found.append(f"it has {len(seen['headings'])} first headings")
    elif title != f"{seen['headings'][0]} - {SERVICE}":
        found.append(f"its title is {title!r} and its heading {seen['headings'][0]!r}")
    if seen["title"].startswith("Error: ") != bool(seen["summaries"]):
        found.append("the title and the summary of errors do not agree")
    found += [f"the form to {action} has no token" for action in seen["unprotected"]]
    found += [f"a form is sent by GET to {action}" for action in seen["got"]]
    found += [f"{what} has an identifier" for what in _identifiers(seen)]
    found += [f"{what} stands in the page itself" for what in seen["inline"]]
    found += [f"{name} lets the browser remember it" for name in seen["remembered"]]
    found += [f"{name} is asked of another site" for name in seen["foreign"]]
    found += [f"{name} leads nowhere" for name in seen["broken"]]
    if seen["showsChild"] and not seen["saysWho"]:
        found.append("it shows a child and not who looks")
    if manner.width <= 360:
        found += page.evaluate(script("cut_off"))
    return found


def _identifiers(seen: dict[str, Any]) -> list[str]:
    places = {"its address": seen["address"], "its title": seen["title"]}
    places |= {f"link {link[:40]}": link for link in seen["links"] if not _LABELLED.match(link)}
    return [what for what, text in places.items() if _IDENTIFIERS.search(text)]
