"""The policy that everybody acknowledges: a text with a version, as sections of paragraphs and lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FIRST_LINE = re.compile(r"Policy version: ([1-9][0-9]{0,5})")
_HEADING = "## "
_POINT = "- "


class PolicyRefused(Exception):  # it names what happened
    """The policy's file cannot be used; its text says why."""


@dataclass(frozen=True)
class Block:
    """One piece of the text: "heading", "paragraph" or "list"; a list has a line for each point."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """One version of the policy."""

    version: int
    blocks: tuple[Block, ...]


def read_policy(path: Path) -> Policy:
    """Return the policy of a file: "Policy version: 1", then headings, paragraphs and lists; raises PolicyRefused."""
    try:
        first, _, rest = path.read_text("utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        raise PolicyRefused("cannot be read") from None
    found = _FIRST_LINE.fullmatch(first.strip())
    if found is None:
        raise PolicyRefused('begins with "Policy version: " and a number')
    parts = [part.strip() for part in re.split(r"\n\s*\n", rest) if part.strip()]
    return Policy(int(found[1]), tuple(map(_block, parts)))


def _block(part: str) -> Block:
    if part.startswith(_HEADING):
        return Block("heading", (part.removeprefix(_HEADING),))
    if part.startswith(_POINT):
        return Block("list", tuple(" ".join(point.split()) for point in part[len(_POINT) :].split("\n" + _POINT)))
    return Block("paragraph", (" ".join(part.split()),))
