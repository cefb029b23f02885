"""What a page needs to be drawn again, held by the browser: sealed, short-lived, bound to one session."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.web.cookies import Jar
from gateway.web.errors import KeptGone
from gateway.web.sealing import Seal, SealBroken

LIVES = timedelta(minutes=15)
MOST_PAGES = 6
_PREFIX = "__Host-page-"
_PURPOSE = "page"
_KEY_BYTES = 9
_LARGEST_COOKIE_BYTES = 3_800

TYPED_COOKIE = "__Host-typed"
_TYPED_LIVES = timedelta(hours=1)


class Kept:
    """The pages that this session has open, each under a random key of its own: two tabs never mix two children."""

    def __init__(self, *, jar: Jar, seal: Seal, session_tag: str, now: datetime) -> None:
        self._jar = jar
        self._seal = seal
        self._tag = session_tag
        self._now = now

    def put(self, kind: str, values: Mapping[str, Any]) -> str:
        """Keep what a page of `kind` needs (JSON values), and return its key for the address: `?page=<key>`.

        The oldest of more than six is dropped. Raises ValueError for more than a cookie holds.
        """
        key = secrets.token_urlsafe(_KEY_BYTES)
        content = {"kind": kind, "at": int(self._now.timestamp()), "values": dict(values)}
        text = self._sealed(_PREFIX + key, content)
        if len(text) > _LARGEST_COOKIE_BYTES:
            raise ValueError("more than a cookie holds")
        for name in self._oldest_first()[: -(MOST_PAGES - 1)]:
            self._jar.drop(name)
        self._jar.put(_PREFIX + key, text, lives_seconds=int(LIVES.total_seconds()))
        return key

    def get(self, kind: str, key: str) -> dict[str, Any]:
        """Return what was kept for a page of `kind`; raises KeptGone after 15 minutes, or for another session's."""
        found = self._opened(_PREFIX + key)
        if found is None or found["kind"] != kind:
            raise KeptGone
        values: dict[str, Any] = found["values"]
        return values

    def drop(self, key: str) -> None:
        """Keep a page no longer."""
        self._jar.drop(_PREFIX + key)

    def drop_all(self) -> None:
        """Keep nothing: the session has ended."""
        for name in self._jar.names():
            if name.startswith(_PREFIX):
                self._jar.drop(name)

    def _sealed(self, name: str, content: Mapping[str, Any]) -> str:
        raw = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        return self._seal.seal(_PURPOSE, raw, name=name, bound_to=self._tag)

    def _opened(self, name: str) -> dict[str, Any] | None:
        text = self._jar.get(name)
        if text is None:
            return None
        try:
            found: dict[str, Any] = json.loads(self._seal.open(_PURPOSE, text, name=name, bound_to=self._tag))
        except SealBroken:
            return None
        age_seconds = self._now.timestamp() - found["at"]
        return found if age_seconds <= LIVES.total_seconds() else None

    def _oldest_first(self) -> list[str]:
        ages = {}
        for name in self._jar.names():
            if name.startswith(_PREFIX):
                found = self._opened(name)
                if found is None:
                    self._jar.drop(name)
                else:
                    ages[name] = found["at"]
        return sorted(ages, key=ages.__getitem__)


class Typed:
    """What somebody typed into a search: held for an hour, and readable to the same person only."""

    def __init__(self, *, jar: Jar, seal: Seal, person_id: str, now: datetime) -> None:
        self._jar = jar
        self._seal = seal
        self._person = person_id
        self._now = now

    def keep(self, values: Mapping[str, str]) -> None:
        """Hold what was typed, by the fields' names."""
        content = json.dumps({"at": int(self._now.timestamp()), "values": dict(values)}, ensure_ascii=False).encode()
        text = self._seal.seal("typed", content, name=TYPED_COOKIE, bound_to=self._person)
        if len(text) <= _LARGEST_COOKIE_BYTES:
            self._jar.put(TYPED_COOKIE, text, lives_seconds=int(_TYPED_LIVES.total_seconds()))

    def read(self) -> dict[str, str]:
        """Return what was typed; nothing after an hour, or for anybody else."""
        text = self._jar.get(TYPED_COOKIE)
        if text is None:
            return {}
        try:
            found = json.loads(self._seal.open("typed", text, name=TYPED_COOKIE, bound_to=self._person))
        except SealBroken:
            return {}
        values: dict[str, str] = found["values"]
        return values if self._now.timestamp() - found["at"] <= _TYPED_LIVES.total_seconds() else {}

    def forget(self) -> None:
        """Hold it no longer."""
        self._jar.drop(TYPED_COOKIE)
