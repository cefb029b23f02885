"""Services that were taken over say what they like: on no page does it become an element, an attribute, or an address.

A small crawler goes wherever a page leads, presses every button, and types the same into every field.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.web.urls import TABLE
from tests.unit.web.standing_alone import NOW, Answer, Call, Pages, ToldEdge, a_visitor

HOSTILE = "\"'><svg/onload=x><script>x</script></title>javascript:x{{7*7}}//evil.example"
EVERYBODY = tuple(f"ROLE_{name}" for name in ("PRACTITIONER", "PROTECTION_PRACTITIONER", "SHIELD_OFFICER", "AUDITOR"))
# No address of any page of ours, with any key, and no telephone, is of another shape.
_OURS = re.compile(r"|#[a-z0-9-]+|/[a-z0-9/.-]*(\?(page|why)=[A-Za-z0-9_-]*)?|tel:\+?[0-9]+|mailto:[^?]+")
_DEEPEST = 5
_AT = Timestamp()
_AT.FromDatetime(NOW)
_TYPED = {"day": "4", "month": "3", "year": "2015", "code": "123456", "postcode": "LS1 1AA"}


def filled(kind: type[Message], *, flags: bool, depth: int = 0) -> Message:
    """Return a message in which every text is hostile, every list has two members, and every flag is as said."""
    made = kind()
    for each in made.DESCRIPTOR.fields:
        is_another_choice = each.containing_oneof is not None and each.containing_oneof.fields[0] is not each
        if is_another_choice or depth > _DEEPEST:
            continue
        value = _value(each, flags=flags, depth=depth)
        if each.is_repeated:
            getattr(made, each.name).extend([value, value])
        elif each.message_type is not None:
            getattr(made, each.name).CopyFrom(value)
        else:
            setattr(made, each.name, value)
    return made


def _value(each: Any, *, flags: bool, depth: int) -> Any:
    if each.message_type is not None:
        if each.message_type.full_name == Timestamp.DESCRIPTOR.full_name:
            return _AT
        return filled(message_factory.GetMessageClass(each.message_type), flags=flags, depth=depth + 1)
    if each.enum_type is not None:
        return each.enum_type.values[-1 if flags else 1].number
    said = {
        FieldDescriptor.TYPE_STRING: HOSTILE,
        FieldDescriptor.TYPE_BYTES: HOSTILE.encode(),
        FieldDescriptor.TYPE_BOOL: flags,
    }
    return said.get(each.type, {"year": 2015}.get(each.name, 2))


@dataclass
class HostileEdge(ToldEdge):
    """An edge that answers every method."""

    flags: bool = False

    def call(self, method: str, request: Any, *, idempotent: bool, metadata: list[tuple[str, str]]) -> Any:
        self.calls.append(Call(method, request, metadata, idempotent))
        service, _, name = method.strip("/").rpartition("/")
        found = descriptor_pool.Default().FindServiceByName(service).FindMethodByName(name)
        return filled(message_factory.GetMessageClass(found.output_type), flags=self.flags)


@dataclass
class Form:
    """One form of a page: where it and its buttons go, and what it offers by name."""

    actions: list[str]
    offered: dict[str, list[str]] = field(default_factory=dict)
    ticks: set[str] = field(default_factory=set)

    def filled_in(self, *, with_ticks: bool) -> dict[str, Any]:
        """Return what somebody sends: the first choice of each, and the same words in every field."""
        values = {name: next(filter(None, values), _typed(name)) for name, values in self.offered.items()}
        if not with_ticks:
            values = {name: value for name, value in values.items() if name not in self.ticks}
        return {**values, "act": str(uuid.uuid4())}


def _typed(name: str) -> str:
    return _TYPED.get(name.rpartition("-")[2], "Ada")


class Read(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.scripts += tag == "script"
        self.wrong += [f"{tag} {name}" for name in said if name.startswith("on") or name in {"style", "srcdoc"}]
        for name in ("href", "src", "action", "formaction"):
            address = said.get(name, "")
            if not _OURS.fullmatch(address):
                self.wrong.append(f"{tag} {name}={address}")
        if tag == "a":
            self.links.append(said["href"])
        elif tag == "form":
            self.forms.append(Form([said["action"]]))
            return
        if self.forms and "formaction" in said:
            self.forms[-1].actions.append(said["formaction"])
        if said.get("name") and self.forms:
            self.forms[-1].offered.setdefault(said["name"], []).append(said.get("value", ""))
            if said.get("type") == "checkbox":
                self.forms[-1].ticks.add(said["name"])


def hostile(pages: Pages, roles: tuple[str, ...], *, flags: bool) -> Pages:
    pages.edge = HostileEdge(flags=flags)
    object.__setattr__(pages.site, "channel", pages.edge)
    pages.sign_in(a_visitor(roles=roles, **dict.fromkeys(("name", "organisation_name", "authority"), HOSTILE)))
    return pages


def everywhere(pages: Pages) -> Iterator[tuple[str, Answer]]:
    """Yield every page that links, presses and typing lead to, newest first: what a page needs is soon forgotten."""
    waiting: list[tuple[str, dict[str, Any] | None]] = [(page.path, None) for page in TABLE if page.method == "GET"]
    sent: set[tuple[str, tuple[str, ...]]] = set()
    session = pages.held["__Host-session"]
    while waiting:
        path, form = waiting.pop()
        pages.held["__Host-session"] = session
        answer = pages.get(path) if form is None else pages.post(path, form)
        yield path, answer
        if answer.status == 303:
            waiting.append((answer.header("location") or "", None))
        read = Read(answer.text)
        ways: list[tuple[str, dict[str, Any] | None]] = [(link, None) for link in read.links if "?" in link]
        ways += [
            (action, form.filled_in(with_ticks=ticks))
            for form in read.forms
            for action in form.actions
            for ticks in (True, False)
        ]
        for way in ways:
            known = (way[0].partition("?")[0], tuple(sorted(way[1] or {})))
            if known not in sent and way[0] != "/sign-out":
                sent.add(known)
                waiting.append(way)


@pytest.mark.parametrize(
    "roles, flags, reached",
    [
        (EVERYBODY, True, {"/", "/own-looks", "/sessions", "/shield-cases", "/who-looked/list", "/search/results"}),
        (EVERYBODY, False, {"/children", "/record/reason", "/record", "/home-address", "/approve-shield", "/create"}),
        (("ROLE_MEDIATOR",), False, {"/mediation", "/search/results", "/record", "/home-address"}),
    ],
)
def test_what_services_say_is_text(pages: Pages, roles: tuple[str, ...], flags: bool, reached: set[str]) -> None:
    drawn: dict[str, set[int]] = {}
    shown = 0
    for path, answer in everywhere(hostile(pages, roles, flags=flags)):
        drawn.setdefault(path.partition("?")[0], set()).add(answer.status)
        assert not [value for name, value in answer.headers if "evil.example" in value], path
        read = Read(answer.text)
        assert read.wrong == [], path
        assert read.scripts == answer.text.startswith("<!DOCTYPE html>"), path
        assert "x49//" not in answer.text, path
        shown += "evil.example" in answer.text
    # It went where services say most, and what they say stood there.
    assert {path for path, statuses in drawn.items() if 200 in statuses} >= reached
    assert shown > 40
