"""The templates: our layout and parts, each page's own beside its view, and the GOV.UK components as macros."""

from __future__ import annotations

import base64
import re
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from jinja2.ext import Extension

_HERE = Path(__file__).parent
_INDENTATION = re.compile(r"\n\s+")
_LONDON = ZoneInfo("Europe/London")


class Unindented(Extension):
    """Takes indentation and empty lines out of the templates themselves: a page goes uncompressed over slow lines.

    Values are not touched; no template has text in which a line's beginning matters.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002  # Jinja's signature
        """Return a template's source as it is compiled."""
        return _INDENTATION.sub("\n", source)


def environment() -> Environment:
    """Return the environment of all templates; every value is escaped."""
    return Environment(
        loader=ChoiceLoader(
            [
                FileSystemLoader([_HERE / "templates", _HERE / "pages"]),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        auto_reload=False,
        # The components ask for parameters that nobody gave.
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[Unindented],
    )


def prepared(made: Environment) -> Environment:
    """Return `made` with our filters, every page's template compiled: a fault in one is found at the start."""
    made.filters |= {
        "day": day,
        "moment": moment,
        "clock": clock,
        "tel": telephone_link,
        "mail": mail_link,
        "handle": handle_text,
        "number": number_text,
    }
    for folder in ("templates", "pages"):
        for path in sorted((_HERE / folder).rglob("*.html")):
            made.get_template(str(path.relative_to(_HERE / folder)))
    return made


def day(value: date | datetime) -> str:
    """Return a day as it is said, "4 March 2015"; of an instant the day in London."""
    found = value.astimezone(_LONDON).date() if isinstance(value, datetime) else value
    return f"{found.day} {found:%B %Y}"


def clock(value: datetime) -> str:
    """Return the time in London as it is said, "3:07pm"."""
    local = value.astimezone(_LONDON)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"  # noqa: PLR2004  # noon


def moment(value: datetime) -> str:
    """Return an instant as it is said in London, "4 March 2015 at 3:07pm"."""
    return f"{day(value)} at {clock(value)}"


def telephone_link(number: str) -> str:
    """Return what a telephone calls: "tel:01134960123", or "" where the text holds no digit."""
    digits = "".join(letter for letter in number if letter.isdigit())
    plus = "+" if number.strip().startswith("+") else ""
    return f"tel:{plus}{digits}" if digits else ""


def mail_link(address: str) -> str:
    """Return what an e-mail program opens: "mailto:a@b.example", and never a second addressee or a text with it."""
    return f"mailto:{quote(address, safe='@')}"


def number_text(number: str) -> str:
    """Return a child's number as it is written, 5 + 5: "12345 67890"."""
    return f"{number[:5]} {number[5:]}"


def handle_text(handle: bytes) -> str:
    """Return a child's handle as a form's hidden field carries it."""
    return base64.urlsafe_b64encode(handle).decode("ascii")


def handle_of(text: str) -> bytes:
    """Return the handle that a form's hidden field carried; b"" for anything else, which the edge refuses."""
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        return b""
