"""A ledger that lost its tail says so in public, as far as anybody knows more, and is refused anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from services.audit.ledger.domain.gap import lost_leaf
from services.audit.ledger.ports import StoreUnavailable
from services.audit.ledger.publish_gap import MOST_UNASKED, GapRefused
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.runtime.errors import LedgerGapOpen
from tests.fakes.audit_ledger import candidate, in_memory
from tests.support.lost_tail import ORIGIN, LostTail, World, kept_of

# --- the command ---


def test_the_log_goes_on_behind_what_callers_know(world: World) -> None:
    world.hide()
    world.gap_open()
    rows = kept_of(world.ledger).rows
    assert world.before <= world.lost.newest < len(rows)
    assert [row.leaf for row in rows[world.before : world.lost.newest + 1]] == [
        lost_leaf(ORIGIN, index) for index in range(world.before, world.lost.newest + 1)
    ]
    ((index, statement),) = GetCheckpoint(writer=world.ledger.writer)().gaps
    assert index == world.lost.newest + 1
    assert rows[index].leaf == hashlib.sha256(statement.encode()).digest()
    lines = statement.split("\n")
    assert lines[:5] == [ORIGIN, "gap", str(world.before), str(world.before), str(world.lost.newest)]


def test_leaves_that_were_published_stand(world: World) -> None:
    world.hide()
    world.lost.publish_log()
    published = len(kept_of(world.ledger).rows)
    tree = world.ledger.writer.published().tree
    root = tree.root()
    world.hide()
    world.gap_open()
    now = world.ledger.writer.published().tree
    assert now.size > tree.size >= published > world.before
    # Whoever kept the public checkpoint finds that the log goes on from it.
    assert now.root_at(published, lambda _: ()) == root
    ((_, statement),) = GetCheckpoint(writer=world.ledger.writer)().gaps
    assert statement.split("\n")[2:5] == [str(world.before), str(published), str(world.lost.newest)]


def refusals() -> dict[str, Callable[[World], object]]:
    return {
        "nothing is missing": lambda world: world.lost.publish_gap(world.before - 1),
        "would be lost: if that is so, say --lost": lambda world: world.lost.publish_gap(world.before + MOST_UNASKED),
        "say --through": lambda world: world.lost.publish_gap(world.before),
    }


@pytest.mark.parametrize("why", refusals())
def test_it_is_not_published_where_something_is_wrong(world: World, why: str) -> None:
    world.hide()
    world.hide()
    world.lost.publish_log()
    world.lost.lose()
    with pytest.raises(GapRefused, match=why):
        refusals()[why](world)
    assert len(world.lost.left.rows) == world.before


def test_a_long_tail_is_published_when_its_length_is_said(world: World) -> None:
    world.lost.lose()
    count = MOST_UNASKED + 1
    with pytest.raises(GapRefused, match="--lost"):
        world.lost.publish_gap(world.before + count - 1, lost=count - 1)


def test_it_is_not_published_twice(world: World) -> None:
    world.hide()
    world.lost.lose()
    world.lost.publish_gap()
    with pytest.raises(GapRefused, match="nothing is missing"):
        world.lost.publish_gap()


def test_it_is_not_published_while_a_ledger_leads(world: World) -> None:
    world.hide()
    world.lost.lose()
    leading = in_memory(world.lost.left)
    with pytest.raises(GapRefused, match="a ledger leads"):
        world.lost.publish_gap()
    leading.stop()


def test_it_is_not_published_against_another_public_log(world: World, tmp_path: Path) -> None:
    world.hide()
    world.lost.publish_log()
    world.lost.lose()
    entries = next((tmp_path / "tile" / "entries").rglob("*.p/*"))
    content = bytearray(entries.read_bytes())
    content[-1] ^= 1
    entries.write_bytes(bytes(content))
    with pytest.raises(GapRefused, match="is not this log's"):
        world.lost.publish_gap()
    entries.unlink()
    with pytest.raises(GapRefused, match="is missing or not as it should be"):
        world.lost.publish_gap()
    (tmp_path / "checkpoint").write_text("nobody's")
    with pytest.raises(GapRefused, match="not signed by this log"):
        world.lost.publish_gap()


def test_a_log_that_was_written_since_is_recovered_once_more(world: World) -> None:
    world.hide()
    world.hide()
    world.lost.publish_log()
    world.lost.lose()
    since = in_memory(world.lost.left, clock=world.ledger.clock)
    since.standings = world.ledger.standings
    since.founder()
    since.stop()
    with pytest.raises(GapRefused, match="is not this log's"):
        world.lost.publish_gap()


def test_a_gap_of_many_entries_is_one_transaction(world: World) -> None:
    world.hide()
    world.lost.lose()
    world.lost.publish_gap(world.before + 5000)
    world.lost.lead_again()
    assert world.ledger.writer.size >= world.before + 5002
    assert [number for number, _ in kept_of(world.ledger).tiles] == list(range(world.ledger.writer.size // 256))


@pytest.mark.parametrize("failure", ["before", "after"])
def test_a_commit_that_fails_leaves_all_of_it_or_nothing(world: World, failure: str) -> None:
    world.hide()
    world.lost.lose()
    with pytest.raises(StoreUnavailable):
        world.lost.publish_gap(world.before + 5000, fails=failure)
    assert len(world.lost.left.rows) == (world.before if failure == "before" else world.before + 5002)
    if failure == "before":
        world.lost.publish_gap(world.before + 5000)
    world.lost.lead_again()
    nurse = world.lost.signed_in(world.nurse)
    with pytest.raises(LedgerGapOpen):
        world.ledger.search(nurse, [candidate(world.open)])


def test_a_public_log_that_lags_behind_is_no_obstacle(world: World) -> None:
    world.lost.publish_log()
    world.ledger.founder()
    world.lost = LostTail.of(world.ledger, world.lost.folder)
    first = len(world.lost.left.rows)
    world.gap_open()
    ((_, statement),) = GetCheckpoint(writer=world.ledger.writer)().gaps
    assert statement.split("\n")[2] == statement.split("\n")[3] == str(first)


def test_public_leaves_stand_over_many_tiles(world: World) -> None:
    for _ in range(300):
        world.ledger.founder()
    world.lost = LostTail.of(world.ledger, world.lost.folder)
    lost_from = len(world.lost.left.rows)
    for _ in range(300):
        world.ledger.founder()
    world.lost.publish_log()
    published = [row.leaf for row in kept_of(world.ledger).rows]
    world.gap_open()
    assert 256 < lost_from < 512 < len(published)
    assert [row.leaf for row in kept_of(world.ledger).rows[: len(published)]] == published
