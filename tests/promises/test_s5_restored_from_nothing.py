"""S5 and A4 after everything was lost: shares, a sealed file, backups, an empty folder, and the drill."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.backup.drill.cases import restore_drill
from deploy.local.demo.telling import Telling

pytestmark = [pytest.mark.promise("S5"), pytest.mark.timeout(900)]


def test_a_restore_loses_nothing_acknowledged_and_opens_nothing_closed(
    tmp_path: Path, is_full: bool, record_property: Callable[[str, object], None]
) -> None:
    telling = Telling()
    restore_drill(telling, tmp_path / "drill", children=100, is_sample=not is_full)
    wrong = [f"{step['story']}: {step['wrong']}" for step in telling.steps if not step["ok"]]
    assert not wrong
    cases = {step["name"][0] for step in telling.steps if step["name"][1] == "_"}
    record_property("figure", f"everything lost and restored: {len(telling.steps)} claims of {len(cases)} cases hold")
