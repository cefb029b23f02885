"""A form as a browser would send it."""

from __future__ import annotations


class Typed:
    """Values by field."""

    def __init__(self, **values: str | list[str]) -> None:
        # Python's names have no hyphens, fields of forms do.
        self._values = {name.replace("_", "-"): value for name, value in values.items()}

    def one(self, name: str) -> str:
        value = self._values.get(name, "")
        return value if isinstance(value, str) else value[0]

    def every(self, name: str) -> list[str]:
        value = self._values.get(name, [])
        return [value] if isinstance(value, str) else value
