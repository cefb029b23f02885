"""`make screenshots`: every state of every page, on a phone and on a desk, and a gallery of them all."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from deploy.local.layout import PROJECT
from tests.pages.manners import Manner
from tests.pages.person import person_in
from tests.pages.scenes import SCENES
from tests.support.browser import opened
from tests.support.living import start_living
from tests.support.town import Town

FOLDER = PROJECT / "docs" / "pages"
_PHONE, _DESK = 360, 1200
_HEIGHT = 740
_COLOURS = 48
_HEAD = """# The pages, as they look

Made by `make screenshots` from the states that the tests go through (`tests/pages/scenes.py`), at 360 and 1,200 pixels.
All people and children are invented.
"""


def main() -> int:
    """Take all pictures anew; return the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="contactpoint-pictures-"))
    try:
        living = start_living(folder / "suite", children=300)
        try:
            town = Town(living)
            with opened(folder / "chromium", [town.suite.ca]) as browser:
                taken = {scene: _taken(browser, town, scene) for scene in SCENES}
        finally:
            living.suite.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _forget_others({state for states in taken.values() for state in states})
    (FOLDER / "README.md").write_text(_gallery(taken), "utf-8")
    print(f"{sum(map(len, taken.values()))} states, two pictures each, are in {FOLDER.relative_to(PROJECT)}")
    return 0


def _taken(browser: Browser, town: Town, scene: str) -> list[str]:
    desk = Manner(name="pictures", width=_DESK, height=_HEIGHT)
    context = browser.new_context(
        viewport={"width": _DESK, "height": _HEIGHT}, locale="en-GB", timezone_id="Europe/London"
    )
    states = []
    try:
        person = person_in(context, town, desk)
        for state in SCENES[scene](person, town):
            states.append(state)
            for width in (_PHONE, _DESK):
                _take(person.page, width, FOLDER / f"{state}-{width}.png")
            print(f"  {state}", flush=True)
    finally:
        context.close()
    return states


def _take(page: Page, width: int, path: Path) -> None:
    page.set_viewport_size({"width": width, "height": _HEIGHT})
    path.parent.mkdir(parents=True, exist_ok=True)
    taken = page.screenshot(full_page=True, animations="disabled", caret="hide", scale="css")
    # A page has few colours; the shades between letters and paper are most of a picture's bytes.
    picture = Image.open(io.BytesIO(taken)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


def _forget_others(states: set[str]) -> None:
    wanted = {f"{state}-{width}.png" for state in states for width in (_PHONE, _DESK)}
    for path in FOLDER.glob("*.png"):
        if path.name not in wanted:
            path.unlink()


def _gallery(taken: dict[str, list[str]]) -> str:
    lines = [_HEAD]
    for scene, states in taken.items():
        lines += [f"\n## {(SCENES[scene].__doc__ or scene).strip()}\n"]
        lines += ["| state | 360 pixels | 1,200 pixels |", "|---|---|---|"]
        lines += [
            f'| {state} | <img src="{state}-{_PHONE}.png" width="180" alt="{state} at {_PHONE} pixels"> '
            f'| <img src="{state}-{_DESK}.png" width="480" alt="{state} at {_DESK} pixels"> |'
            for state in states
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
