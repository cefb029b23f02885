"""The operator is told how far callers know, each time that it is further than before."""

from __future__ import annotations

import logging

import pytest

from services.audit.ledger.newest_known import NewestKnown
from services.runtime.errors import NotTheLeader


def test_the_newest_entry_that_is_missing_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    known = NewestKnown(lambda: 5, lambda: 5)
    with caplog.at_level(logging.ERROR):
        for index in (7, 6, 7, 9):
            assert known._lacks(index)
            known._tell(index)
    assert [(record.message, record.known, record.size) for record in caplog.records] == [  # type: ignore[attr-defined]
        ("ledger_lacks_entries", 7, 5),
        ("ledger_lacks_entries", 9, 5),
    ]


def test_what_is_there_is_not_lacking_and_an_overtaken_leader_says_nothing() -> None:
    def overtaken() -> int:
        raise NotTheLeader

    assert not NewestKnown(lambda: 5, lambda: 5)._lacks(4)
    with pytest.raises(NotTheLeader):
        NewestKnown(lambda: 5, overtaken)._lacks(7)
