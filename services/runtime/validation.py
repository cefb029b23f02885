"""Holds messages to the constraints in their protos: requests for the caller's sake, answers for the child's."""

from __future__ import annotations

import re
from typing import Any

import protovalidate
from google.protobuf.message import Message

from services.runtime.errors import InvalidRequest

_MOST_VIOLATIONS = 20
_NOT_IN_A_REASON = re.compile(r"[^A-Z0-9]+")

_validator = protovalidate.Validator()


class AnswerRefused(RuntimeError):  # it names what happened
    """We made an answer that its own contract forbids; it does not leave."""


def check_request(message: Message) -> None:
    """Raise InvalidRequest with the field paths (never the values) of what breaks the message's constraints."""
    violations = _validator.collect_violations(message)
    if violations:
        raise InvalidRequest([_said(violation) for violation in violations[:_MOST_VIOLATIONS]])


def check_answer(message: Message) -> None:
    """Raise AnswerRefused if an answer of ours breaks its constraints."""
    if _validator.collect_violations(message, fail_fast=True):
        raise AnswerRefused


def _said(violation: protovalidate.Violation) -> tuple[str, str]:
    found = violation.proto
    return _path(found.field), _reason(found.rule_id or "")


def _path(field: Any) -> str:
    """Return a path such as "children[3].name"; a map's key is left out, since it was written by the caller."""
    elements = []
    for element in field.elements if field is not None else ():
        subscript = element.subscript
        index = f"[{subscript.value}]" if subscript is not None and subscript.field == "index" else ""
        elements.append(f"{element.field_name}{index}")
    return ".".join(elements)[:200]


def _reason(rule_id: str) -> str:
    """Return a rule's id, such as "string.min_len", as a reason: "STRING_MIN_LEN"."""
    return _NOT_IN_A_REASON.sub("_", rule_id.upper()).strip("_")[:60] or "INVALID"
