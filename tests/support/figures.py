"""How a test of a promise says its figure: `record_property("figure", "0 of 12")`."""

from __future__ import annotations

from collections.abc import Callable

RecordProperty = Callable[[str, object], None]
"""pytest's fixture of that name."""
