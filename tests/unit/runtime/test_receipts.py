"""A log that is older than a receipt in our hands is not believed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from services.runtime.errors import DependencyUnavailable, LedgerBehind
from services.runtime.receipts import ReceiptGuard


@dataclass
class Kept:
    """Where the newest receipt outlives a process."""

    index: int = -1
    fails: int = 0
    written: list[int] = field(default_factory=list)

    def load(self) -> int:
        return self.index

    def keep(self, index: int) -> None:
        if self.fails:
            self.fails -= 1
            raise DependencyUnavailable
        self.index = max(self.index, index)
        self.written.append(index)


def test_an_answer_must_be_newer_than_what_was_known_when_it_was_asked_for() -> None:
    guard = ReceiptGuard(Kept(index=5))
    for index, is_taken in [(6, True), (6, False), (5, False), (7, True)]:
        if is_taken:
            with guard.newer() as awaited:
                awaited.index = index
        else:
            with pytest.raises(LedgerBehind), guard.newer() as awaited:
                awaited.index = index
    assert guard.newest() == 7


def test_answers_that_overtake_each_other_are_both_taken() -> None:
    guard = ReceiptGuard(Kept())
    with guard.newer() as slow:
        with guard.newer() as quick:
            quick.index = 9
        slow.index = 8
    assert guard.newest() == 9


def test_an_answer_without_a_receipt_is_refused() -> None:
    with pytest.raises(LedgerBehind), ReceiptGuard(Kept()).newer():
        pass


def test_a_refusal_passes_as_it_is() -> None:
    guard = ReceiptGuard(Kept())
    with pytest.raises(DependencyUnavailable), guard.newer():
        raise DependencyUnavailable
    assert guard.newest() == -1


def test_a_repeated_act_is_held_to_what_was_known_when_it_began() -> None:
    guard = ReceiptGuard(Kept(index=50))
    guard.check(12, known=11)
    assert guard.newest() == 50
    with pytest.raises(LedgerBehind):
        guard.check(11, known=11)


def test_only_what_is_new_is_written() -> None:
    kept = Kept(index=3)
    guard = ReceiptGuard(kept)
    guard.write()
    guard.saw(4)
    guard.write()
    guard.write()
    assert kept.written == [4]


def test_the_loop_writes_at_its_end_and_outlives_a_database_that_is_away() -> None:
    kept = Kept(fails=2)
    guard = ReceiptGuard(kept)
    guard.saw(1)
    stopping = threading.Event()
    loop = threading.Thread(target=guard.loop(0.01), args=(stopping,))
    loop.start()
    while not kept.written:
        pass
    guard.saw(2)
    stopping.set()
    loop.join()
    assert kept.written == [1, 2]
