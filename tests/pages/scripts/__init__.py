"""What tests have the browser evaluate: one function in each file, apart from the pages' own scripts."""

from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


@cache
def script(name: str) -> str:
    """Return the source of a function."""
    return (_HERE / f"{name}.js").read_text("utf-8")
