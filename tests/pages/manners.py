"""In how many ways the same pages must work: with scripts and without, by keyboard alone, narrow and with big text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.pages.hands import Hands, Keys, Pointer


@dataclass(frozen=True, kw_only=True)
class Manner:
    """One way to use the pages."""

    name: str
    has_script: bool = True
    width: int = 1280
    height: int = 900
    has_big_text: bool = False
    hands: Callable[[], Hands] = Pointer


WITH_SCRIPT = Manner(name="with script")
WITHOUT_SCRIPT = Manner(name="without script", has_script=False)
BY_KEYBOARD = Manner(name="by keyboard", hands=Keys)
NARROW = Manner(name="320 px", width=320, height=640)
BIG_TEXT = Manner(name="200 % text at 320 px", width=320, height=640, has_big_text=True)
ON_A_PHONE = Manner(name="on a phone", width=360, height=740)

# Narrow with twice the text is harder than either; plain 320 px is what every state of every page is looked at in.
MANNERS = (WITH_SCRIPT, WITHOUT_SCRIPT, BY_KEYBOARD, BIG_TEXT)
