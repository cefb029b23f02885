"""The cookies that came with a request, and those that go back with its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

PREFIX = "__Host-"
_FIXED = "Path=/; Secure; HttpOnly; SameSite=Strict"


class Jar:
    """What the browser holds for us; every cookie is `__Host-`, Secure, HttpOnly and SameSite=Strict."""

    def __init__(self, came: Mapping[str, str]) -> None:
        self._held = {name: value for name, value in came.items() if name.startswith(PREFIX)}
        self._lines: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """Return a cookie's value as it is after this answer, or None."""
        return self._held.get(name)

    def names(self) -> list[str]:
        """Return the names of all that the browser will hold."""
        return sorted(self._held)

    def put(self, name: str, value: str, *, lives_seconds: int | None = None) -> None:
        """Let the browser hold a cookie, until it is closed where `lives_seconds` is not given."""
        self._held[name] = value
        life = "" if lives_seconds is None else f"; Max-Age={lives_seconds}"
        self._lines[name] = f"{name}={value}; {_FIXED}{life}"

    def drop(self, name: str) -> None:
        """Let the browser forget a cookie."""
        if self._held.pop(name, None) is not None or name in self._lines:
            self._lines[name] = f"{name}=; {_FIXED}; Max-Age=0"

    def drop_all(self) -> None:
        """Let the browser forget every cookie of ours."""
        for name in self.names():
            self.drop(name)

    def lines(self) -> Iterator[str]:
        """Yield the Set-Cookie lines of the answer."""
        yield from self._lines.values()


def read(header: str) -> dict[str, str]:
    """Return the cookies of a Cookie header; of two of one name neither.

    A browser lets nobody else set a `__Host-` name, so a second one was slipped in by a neighbouring site, or a proxy.
    Spaces are the two of RFC 6265: to a browser a name that begins with one of Unicode's is another name, which every
    neighbour may set.
    """
    pairs = [pair for part in header.split(";") if (pair := part.strip(" \t").partition("="))[1]]
    count = Counter(name for name, _, _ in pairs)
    return {name: value for name, _, value in pairs if count[name] == 1}
