"""What is the same for all requests: the table, the templates, the key, the way to the edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment

from gateway.web.assets import Assets
from gateway.web.edge import Edge
from gateway.web.page import Page
from gateway.web.policy import Policy
from gateway.web.sealing import Seal
from gateway.web.teams import Teams
from gateway.web.visitor import Visitor
from services.runtime.channels import PeerChannel
from services.runtime.clock import Clock


@dataclass(frozen=True, kw_only=True)
class Site:
    """The pages and what they stand on."""

    origin: str
    table: Sequence[Page]
    templates: Environment
    assets: Assets
    seal: Seal
    teams: Teams
    policy: Policy
    security_contacts: tuple[str, ...] = ()
    channel: PeerChannel
    clock: Clock
    _by_path: dict[str, dict[str, Page]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Find a page that stands twice in the table."""
        for page in self.table:
            methods = self._by_path.setdefault(page.path, {})
            if page.method in methods:
                raise ValueError(page.path)
            methods[page.method] = page

    def methods_of(self, path: str) -> dict[str, Page]:
        """Return the pages of an address by method, none where there is no such address."""
        return self._by_path.get(path, {})

    def menu_of(self, visitor: Visitor | None) -> list[Page]:
        """Return the pages whose links a visitor is shown."""
        if visitor is None or visitor.policy_due:
            return []
        return [page for page in self.table if page.menu and page.who.includes(visitor)]

    def edge(self, session: str, when_answered: Callable[[], None]) -> Edge:
        """Return the edge as one session may ask it."""
        return Edge(self.channel, session=session, when_answered=when_answered)
