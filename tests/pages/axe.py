"""axe-core over a page: what an automatic check can find against WCAG 2.2 AA."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.pages.scripts import script
from tools.build_pages import install

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]


@cache
def _axe() -> str:
    return (install() / "axe-core" / "axe.min.js").read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page, one line for each thing; none is the only good answer."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(
        script("run_axe"),
        _TAGS,
    )
    return [f"{one['id']}: {one['help']}: {node}" for one in found for node in one["nodes"]]
