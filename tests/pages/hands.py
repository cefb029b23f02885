"""How a person works a page: with a pointer, or with the keyboard alone; both find things by the words on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from playwright.sync_api import Locator, Page

from tests.pages.scripts import script

# More stops than any page of ours has: who gets here went round the page and did not find it.
_MOST_TABS = 250


class Hands(Protocol):
    """What a person does to a page; each act counts the presses it took."""

    presses: int

    def fill(self, page: Page, field_: Locator, text: str) -> None:
        """Put text into a field, replacing what is there."""

    def press(self, page: Page, control: Locator) -> None:
        """Press a button, follow a link, or choose a radio button or tick a box."""


@dataclass
class Pointer:
    """A mouse or a thumb, and a keyboard for words."""

    presses: int = 0

    def fill(self, page: Page, field_: Locator, text: str) -> None:
        field_.fill(text)
        self.presses += len(text)

    def press(self, page: Page, control: Locator) -> None:
        control.click()
        self.presses += 1


@dataclass
class Keys:
    """The keyboard and nothing else: Tab until it is there, and it must show that it is."""

    presses: int = 0
    unseen: list[str] = field(default_factory=list)
    """What had the focus without showing it."""

    def fill(self, page: Page, field_: Locator, text: str) -> None:
        self._go_to(page, field_)
        self._key(page, "Control+A")
        # An empty text still has to take away what stood there.
        self._key(page, "Delete")
        page.keyboard.type(text)
        self.presses += len(text)

    def press(self, page: Page, control: Locator) -> None:
        kind = control.evaluate("it => it.type || it.tagName.toLowerCase()")
        self._go_to(page, control, among_radios=kind == "radio")
        self._key(page, "Space" if kind in {"radio", "checkbox", "summary"} else "Enter")

    def _go_to(self, page: Page, control: Locator, *, among_radios: bool = False) -> None:
        control.wait_for(state="attached")
        for _ in range(_MOST_TABS):
            if control.evaluate("it => it === document.activeElement"):
                self._see(control)
                return
            # The radio buttons of one group are a single stop; the arrows go from one to the next.
            is_in_group = among_radios and control.evaluate(
                "it => document.activeElement.type === 'radio' && document.activeElement.name === it.name"
            )
            self._key(page, "ArrowDown" if is_in_group else "Tab")
        msg = f"No key leads to {control}."
        raise AssertionError(msg)

    def _see(self, control: Locator) -> None:
        is_seen = control.evaluate(script("shows_focus"))
        if not is_seen:
            self.unseen.append(str(control))

    def _key(self, page: Page, key: str) -> None:
        page.keyboard.press(key)
        self.presses += 1
