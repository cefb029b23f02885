"""The cookies that came with a request, and those that go back with its answer."""

from __future__ import annotations

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

    def lines(self) -> Iterator[str]:
        """Yield the Set-Cookie lines of the answer."""
        yield from self._lines.values()


def read(header: str) -> dict[str, str]:
    """Return the cookies of a Cookie header; of two of one name the first, as the browser's own order has it."""
    found: dict[str, str] = {}
    for part in header.split(";"):
        name, said, value = part.strip().partition("=")
        if said:
            found.setdefault(name, value)
    return found
