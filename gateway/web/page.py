"""One row of the table of pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

if TYPE_CHECKING:
    from gateway.web.asked import Asked
    from gateway.web.visitor import Visitor

View = Callable[["Asked"], Response]


@dataclass(frozen=True)
class Who:
    """Who may see a page."""

    is_public: bool = False
    permissions: frozenset[str] = frozenset()
    """Of these one is enough; none: everybody who is signed in."""

    def includes(self, visitor: Visitor | None) -> bool:
        """Return whether a visitor may see the page; this hides pages, and the edge decides."""
        if self.is_public:
            return True
        if visitor is None:
            return False
        return not self.permissions or any(map(visitor.may, self.permissions))


ANYONE = Who(is_public=True)
"""Everybody, signed in or not."""
SIGNED_IN = Who()
"""Everybody who is signed in."""


def NEEDS(*permissions: str) -> Who:  # noqa: N802  # it stands in the table beside ANYONE and SIGNED_IN
    """Return: whoever has a role that grants one of these permissions, such as "record.search"."""
    return Who(permissions=frozenset(permissions))


@dataclass(frozen=True, kw_only=True)
class Page:
    """One address, one way of asking for it, and who may."""

    path: str
    """Exact; an address holds nothing of a person, so no part of it varies."""
    view: View
    who: Who
    title: str
    """The heading, where the view says no other."""
    method: Literal["GET", "POST"] = "GET"
    menu: str = ""
    """The words of its link in the menu; "" for none."""
    before_policy: bool = False
    """It can be seen before the policy is acknowledged."""

    @property
    def name(self) -> str:
        """What telemetry calls it, such as "/contactpoint.web.Pages/PostSearchResults"."""
        words = self.path.replace("-", "/").replace(".", "/").split("/")
        said = "".join(word.capitalize() for word in words if word) or "Root"
        return f"/contactpoint.web.Pages/{self.method.capitalize()}{said}"


def GET(path: str, view: View, who: Who, title: str, *, menu: str = "", before_policy: bool = False) -> Page:  # noqa: N802  # HTTP's own word
    """Return the row of a page that is drawn."""
    return Page(path=path, view=view, who=who, title=title, menu=menu, before_policy=before_policy)


def POST(path: str, view: View, who: Who, title: str, *, before_policy: bool = False) -> Page:  # noqa: N802  # HTTP's own word
    """Return the row of a form that is sent."""
    return Page(path=path, view=view, who=who, title=title, method="POST", before_policy=before_policy)
