"""Every hidden child is named after the ledger lost entries: by two, by one, or by a step of unknown end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.engine import Engine

from services.shielding.domain import Ground, approved, imposed, requested
from services.shielding.ports import Hidden
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import SqlCases
from services.shielding.storage.hidden_cases import SqlHiddenCases
from services.shielding.use_cases import reenter
from services.shielding.use_cases.reenter import Reenter
from tests.storage.shielding.test_cases import ENTERED, FIRST, HANDLE, NOW, NUMBER, OPENER, SECOND, a_pending, a_step

SEALING = Sealing(b"r" * 32)


@dataclass
class FakeGap:
    """The port `Gap`, in memory: nothing was hidden there before."""

    said: list[tuple[list[Hidden], bool]] = field(default_factory=list)

    def reenter(self, hidden: Sequence[Hidden], *, newest: int, is_complete: bool) -> tuple[int, int]:
        assert newest == 42
        self.said.append((list(hidden), is_complete))
        return len(hidden), 0


@pytest.fixture
def cases(engine: Engine) -> SqlCases:
    return SqlCases(engine, SEALING)


def said(engine: Engine) -> list[Hidden]:
    """Return all that is named, and check that the last page says that it is the last."""
    gap = FakeGap()
    found = Reenter(cases=SqlHiddenCases(engine, SEALING), gap=gap)(42)
    assert [is_complete for _, is_complete in gap.said] == [False] * (len(gap.said) - 1) + [True]
    everything = [one for page, _ in gap.said for one in page]
    assert found.said == found.closed == len(everything)
    return everything


def test_nobody_is_hidden_and_that_is_said(engine: Engine) -> None:
    assert said(engine) == []


def test_a_request_hides_nobody(engine: Engine, cases: SqlCases) -> None:
    asked = a_pending(a_step(opens=requested))
    cases.begin(asked)
    cases.settle(asked, ENTERED)
    assert said(engine) == []
    # A first officer's approval hides: by that officer, and not by whoever asked.
    first = a_pending(approved(asked.step.case, FIRST, NOW, frozenset()))
    cases.begin(first)
    cases.settle(first, ENTERED)
    (one,) = said(engine)
    assert (one.child.number, one.closed_by) == (NUMBER, (FIRST.person,))


def test_what_two_hid_is_hidden_by_two(engine: Engine, cases: SqlCases) -> None:
    imposed = a_pending(a_step())
    cases.begin(imposed)
    cases.settle(imposed, ENTERED)
    (one,) = said(engine)
    assert one.closed_by == (OPENER.person,)
    second = a_pending(approved(imposed.step.case, SECOND, NOW, frozenset()))
    cases.begin(second)
    # Whether the second's step was entered nobody knows: the child is named twice, by one each time.
    assert [one.closed_by for one in said(engine)] == [(OPENER.person,)] * 2
    cases.settle(second, ENTERED)
    (one,) = said(engine)
    assert one.closed_by == (OPENER.person, SECOND.person)


def test_a_step_under_way_names_its_child_by_its_handle(engine: Engine, cases: SqlCases) -> None:
    cases.begin(a_pending(a_step()))
    (one,) = said(engine)
    assert (one.child.handle, one.child.number, one.closed_by) == (HANDLE, 0, (OPENER.person,))


def test_a_step_that_hides_is_named_behind_many_that_do_not(
    engine: Engine, cases: SqlCases, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        cases.begin(a_pending(a_step(opens=requested)))
    last = imposed(uuid.UUID(int=(1 << 128) - 1), Ground.ADOPTION, OPENER, NOW, frozenset())
    cases.begin(a_pending(last))
    monkeypatch.setattr(reenter, "AT_ONCE", 2)
    assert [one.case_id for one in said(engine)] == [last.case.case_id]


@pytest.mark.parametrize("at_once", [1, 2, 3, 7])
def test_page_after_page_nobody_is_left_out(
    engine: Engine, cases: SqlCases, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[uuid.UUID] = []
    for position in range(7):
        step = a_pending(a_step())
        cases.begin(step)
        wanted.append(step.step.case.case_id)
        if position % 3:
            cases.settle(step, ENTERED)
        if position % 3 == 2:
            cases.begin(a_pending(approved(step.step.case, SECOND, NOW, frozenset())))
            wanted.append(step.step.case.case_id)
    monkeypatch.setattr(reenter, "AT_ONCE", at_once)
    assert [one.case_id for one in said(engine)] == sorted(wanted)
