"""check-log believes that entries are lost as far as an entry publishes it, and names what that spoils."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from services.audit.ledger.domain.entry import Draft, Effect, Entry, GapPublished, LeafLost, Outcome
from services.audit.ledger.domain.gap import lost_leaf
from services.audit.ledger.domain.tree import Tree
from services.audit.ledger.gaps_met import GapsMet, LogFaulty

ORIGIN = "synthetic.contactpoint/log"
BEFORE = 3
ROOT = Tree.of((), [bytes([index] * 32) for index in range(BEFORE)]).root()
PUBLIC = b"p" * 32
"""The leaf of a lost entry that was public."""


def walked(effects: Sequence[Effect | None]) -> tuple[GapsMet, list[str]]:
    """Walk a log of three sound entries and then these, to its end; raises LogFaulty."""
    said: list[str] = []
    gaps, tree = GapsMet(ORIGIN, said.append), Tree()
    for index, effect in enumerate([*[None] * BEFORE, *effects]):
        draft = Draft(act="x", outcome=Outcome.ALLOWED, rule="X", effect=effect)
        gaps.checked(Entry(index=index, at=datetime(2026, 1, 1, tzinfo=UTC), draft=draft, subjects=()), tree)
        tree.append(effect.leaf if isinstance(effect, LeafLost) else bytes([index] * 32))
    gaps.end()
    return gaps, said


def lost(index: int) -> LeafLost:
    return LeafLost(lost_leaf(ORIGIN, index))


def test_a_published_gap_is_said() -> None:
    _, said = walked([LeafLost(PUBLIC), lost(4), lost(5), GapPublished(3, 4, 5, ROOT), None])
    assert [line.partition(" are lost")[0] for line in said] == ["GAP: entries 3 to 5"]


def test_a_gap_that_is_lost_itself_was_public() -> None:
    # Entries 3 and 4 were lost, 5 said so, and 6 came after: all of that was public, and is lost as well.
    again: list[Effect | None] = [
        lost(3),
        lost(4),
        LeafLost(PUBLIC),
        LeafLost(PUBLIC),
        lost(7),
        GapPublished(3, 7, 7, ROOT),
        None,
    ]
    _, said = walked(again)
    assert [line.partition(" are lost")[0] for line in said] == ["GAP: entries 3 to 7"]
    with pytest.raises(LogFaulty):
        walked([*again[:5], GapPublished(3, 3, 7, ROOT)])


@pytest.mark.parametrize(
    "effects",
    [
        [lost(3)],
        [lost(3), None],
        [LeafLost(PUBLIC), None],
        [lost(3), LeafLost(PUBLIC), GapPublished(3, 3, 4, ROOT)],
        [lost(3), GapPublished(3, 3, 4, ROOT)],
        [lost(3), GapPublished(2, 3, 3, ROOT)],
        [lost(3), GapPublished(3, 4, 3, ROOT)],
        [LeafLost(PUBLIC), lost(4), GapPublished(3, 3, 4, ROOT)],
        [lost(3), GapPublished(3, 3, 3, PUBLIC)],
        [GapPublished(3, 3, 2, ROOT)],
    ],
)
def test_what_is_lost_without_being_published_so_is_a_fault(effects: list[Effect | None]) -> None:
    with pytest.raises(LogFaulty):
        walked(effects)


@pytest.mark.parametrize("size", range(1, 8))
def test_a_checkpoint_of_lost_leaves_is_explained(size: int) -> None:
    gaps, _ = walked([LeafLost(PUBLIC), lost(4), lost(5), GapPublished(3, 4, 5, ROOT)])
    if size in (5, 6):
        with pytest.raises(LogFaulty, match="lost by the published gap"):
            gaps.explain(size)
    else:
        gaps.explain(size)
