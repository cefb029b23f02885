"""A browser's presses on our pages: a form's own fields go along, and a 303 is followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from tests.unit.web.standing_alone import Answer, Pages

_FORM = re.compile(r'<form[^>]*action="(?P<action>[^"]*)"[^>]*>(?P<inside>.*?)</form>', re.DOTALL)
_INPUT = re.compile(r"<input(?P<attributes>[^>]*)>")
_BUTTON = re.compile(r"<button(?P<attributes>[^>]*)>(?P<words>.*?)</button>", re.DOTALL)
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


@dataclass
class Shown:
    """A page with its address."""

    path: str
    answer: Answer

    @property
    def text(self) -> str:
        """What can be read: without tags, with single spaces."""
        main = self.answer.text.partition("<main")[2].partition("</main>")[0]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())

    @property
    def h1(self) -> str:
        (heading,) = self.answer.h1
        return heading

    @property
    def links(self) -> list[str]:
        return [unescape(one) for one in re.findall(r'(?:href|action)="([^"]*)"', self.answer.text)]

    def values_of(self, name: str) -> list[str]:
        """Return the values of all inputs and buttons of a name."""
        tags = [*_INPUT.finditer(self.answer.text), *_BUTTON.finditer(self.answer.text)]
        found = [dict(_ATTRIBUTE.findall(one["attributes"])) for one in tags]
        return [unescape(one.get("value", "")) for one in found if one.get("name") == name]


def see(pages: Pages, path: str) -> Shown:
    """Return the page of an address."""
    return Shown(path, pages.get(path))


def press(
    pages: Pages, page: Shown, words: str, typed: Mapping[str, str | list[str]] | None = None, *, nth: int = 0
) -> Shown:
    """Press the nth button of these words, with what its form holds and what was typed; return where it leads."""
    found = [one for one in _BUTTON.finditer(page.answer.text) if words in _words(one["words"])]
    button = found[nth]
    named = dict(_ATTRIBUTE.findall(button["attributes"])).get("form")
    for form in _FORM.finditer(page.answer.text):
        is_inside = form.start() < button.start() < form.end()
        if f'id="{named}"' in form[0].partition(">")[0] if named else is_inside:
            return _sent(pages, page, form, button, typed or {})
    raise AssertionError(words)


def follow(pages: Pages, path: str, answer: Answer) -> Shown:
    """Return where an answer leads."""
    while answer.status == 303:
        path = answer.header("location") or ""
        answer = pages.get(path)
    return Shown(path, answer)


def _words(inside: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", inside)).split())


def _sent(
    pages: Pages, page: Shown, form: re.Match[str], button: re.Match[str], typed: Mapping[str, str | list[str]]
) -> Shown:
    values: dict[str, str | list[str]] = {}
    form_id = dict(_ATTRIBUTE.findall(form[0].partition(">")[0])).get("id")
    for one in _INPUT.finditer(page.answer.text):
        attributes = dict(_ATTRIBUTE.findall(one["attributes"]))
        belongs = attributes["form"] == form_id if "form" in attributes else form.start() < one.start() < form.end()
        kind = attributes.get("type", "text")
        if not belongs or "name" not in attributes or (kind in ("radio", "checkbox") and "checked" not in attributes):
            continue
        values[attributes["name"]] = unescape(attributes.get("value", ""))
    pressed = dict(_ATTRIBUTE.findall(button["attributes"]))
    if "name" in pressed:
        values[pressed["name"]] = unescape(pressed.get("value", ""))
    path = unescape(pressed.get("formaction") or form["action"])
    return follow(pages, path, pages.post(path, {**values, **typed}))
