"""The child that a press is about, as a form's button or hidden field carries it: never a link."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.errors import FormUnreadable
from gateway.web.pages.about_children import dates, names

FIELD = "child"
_PARTS = "|"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A handle of this session, with what was shown beside it: the next page says whom it is about."""

    handle: bytes
    name: str
    born: str

    def __repr__(self) -> str:
        """Return a text without the child."""
        return "Chosen()"

    @classmethod
    def of(cls, handle: bytes, name: pb.ChildName, born: pb.DateOfBirth) -> Chosen:
        """Return the child of an answer."""
        return cls(handle=handle, name=names.written(name), born=dates.written(born))

    @classmethod
    def kept(cls, values: Mapping[str, Any]) -> Chosen:
        """Return the child that was kept as its `values`."""
        return cls(handle=_bytes(values["handle"]), name=str(values["name"]), born=str(values["born"]))

    @property
    def values(self) -> dict[str, str]:
        """What is kept of it."""
        return {"handle": _text(self.handle), "name": self.name, "born": self.born}

    @property
    def packed(self) -> str:
        """One value for a button or a hidden field: short, since a page of rows carries twenty."""
        return _PARTS.join((_text(self.handle), self.name.replace(_PARTS, " "), self.born))


def unpacked(text: str) -> Chosen:
    """Return the child of a form's value; raises FormUnreadable for what no form of ours sends."""
    try:
        handle, name, born = text.split(_PARTS)
        return Chosen(handle=_bytes(handle), name=name, born=born)
    except ValueError:
        raise FormUnreadable from None


def pack(values: Mapping[str, Any]) -> str:
    """Return values as one text for a form."""
    return _text(json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode())


def unpack(text: str) -> dict[str, Any]:
    """Return the values of such a text; raises FormUnreadable for what no form of ours sends."""
    try:
        found = json.loads(_bytes(text))
    except ValueError:
        raise FormUnreadable from None
    if not isinstance(found, dict):
        raise FormUnreadable
    return found


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode("ascii")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not ours") from None
