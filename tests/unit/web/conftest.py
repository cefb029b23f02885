"""One site for each test."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.standing_alone import Pages


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder as `make pages` leaves it, with little in it."""
    for name in ("application-1.css", "application-2.js", "icon-3.svg"):
        (tmp_path / name).write_text("/* */")
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(b"/* */"))
    manifest = {
        "application.css": "application-1.css",
        "application.js": "application-2.js",
        "icon.svg": "icon-3.svg",
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


@pytest.fixture
def make(static: Path) -> Iterator[Callable[..., Pages]]:
    """Makes a site with a table or workers of its own."""
    made: list[Pages] = []

    def one(**settings: Any) -> Pages:
        made.append(Pages(static, **settings))
        return made[-1]

    yield one
    for pages in made:
        pages.app.close()


@pytest.fixture
def pages(make: Callable[..., Pages]) -> Pages:
    """The site with its own table, whose edge is down until told otherwise."""
    return make()
