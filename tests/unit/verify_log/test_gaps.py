"""A log that has lost entries says so, and is believed as far as it says so and no further."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from clients.verify_log.__main__ import main
from services.audit.ledger.domain import gap as ledgers
from tests.unit.verify_log.small_log import ORIGIN, Signer, b64, entry, files, mth, sample, write, write_json

SIGNER = Signer()
FIRST, KEPT, LAST, SIZE = 260, 270, 299, 600
BEFORE = sample(LAST + 1)
"""As the log was before it lost entries 260 to 299, of which the first ten had been published."""


def statement(**changed: object) -> str:
    said = {
        "origin": ORIGIN,
        "gap": "gap",
        "first": FIRST,
        "kept": KEPT,
        "last": LAST,
        "root": b64(mth(BEFORE[:FIRST])),
        "at": "2026-11-22T19:00:00+00:00",
        **changed,
    }
    return "".join(f"{line}\n" for line in said.values())


def lost(index: int) -> bytes:
    return hashlib.sha256(f"{ORIGIN}\nlost\n{index}\n".encode()).digest()


def leaves(said: str) -> list[bytes]:
    """Return the leaves of the log after the gap."""
    gone = [lost(index) for index in range(KEPT, LAST + 1)]
    since = [entry(index)[2] for index in range(LAST + 2, SIZE)]
    return [*BEFORE[:KEPT], *gone, hashlib.sha256(said.encode()).digest(), *since]


class Verdict:
    def __init__(self, folder: Path, *more: str) -> None:
        self.lines: list[str] = []
        self.code = main(["--folder", str(folder), *more], self.lines.append)

    def says(self, kind: str, text: str) -> bool:
        return any(line.startswith(kind) and text in line for line in self.lines)


def published(folder: Path, said: str = "", *, beside: str | None = None) -> Path:
    """Write the log after the gap; `beside` is what lies there as its statement."""
    said = said or statement()
    shown = said if beside is None else beside
    more = {f"gap/{LAST + 1}": shown.encode()} if shown else {}
    return write(folder / "log", {**files(leaves(said), SIGNER), **more})


def test_the_ledger_and_the_verifier_mean_the_same() -> None:
    assert ledgers.lost_leaf(ORIGIN, 5) == lost(5)


def test_a_published_gap_is_said_loudly_and_is_not_bad(tmp_path: Path) -> None:
    verdict = Verdict(published(tmp_path))
    assert verdict.code == 0
    assert verdict.says("GAP", f"entries {FIRST} to {LAST} ARE LOST")
    assert verdict.says("GAP", f"the leaves of {FIRST} to {KEPT - 1} stand")
    assert verdict.says("ok", "the log publishes 1 gaps of its own")


def test_a_gap_that_is_not_published_is_bad(tmp_path: Path) -> None:
    verdict = Verdict(published(tmp_path, beside=""))
    assert verdict.code == 1
    assert verdict.says("BAD", f"entry {KEPT} is lost, and no published gap says so")
    assert verdict.lines[-1].endswith(f"first bad entry: {KEPT}")


@pytest.mark.parametrize(
    "changed", [{"last": LAST - 1}, {"first": FIRST + 1}, {"at": "2027-01-01T00:00:00+00:00"}, {"origin": "else"}]
)
def test_another_statement_than_the_log_commits_to_is_bad(tmp_path: Path, changed: dict[str, object]) -> None:
    verdict = Verdict(published(tmp_path, beside=statement(**changed)))
    assert verdict.code == 1
    assert verdict.says("BAD", f"is not the statement that entry {LAST + 1} commits to")


@pytest.mark.parametrize(
    "changed, why",
    [
        ({"root": b64(bytes(32))}, "is not the one that it states"),
        ({"kept": KEPT + 1}, f"entry {KEPT} is lost, and no published gap says so"),
        ({"kept": KEPT - 1}, f"entry {KEPT - 1} is in a published gap, and is not lost"),
        ({"last": LAST - 1}, "states a gap that cannot be"),
        ({"first": LAST + 1}, "states a gap that cannot be"),
        # What is printed, or decoded, is not for the log to choose.
        ({"at": "2026-11-22\x1b[2K"}, "is not the statement"),
        ({"root": "=" * 44}, "is not the statement"),
    ],
)
def test_a_statement_that_is_not_true_is_bad_though_the_log_commits_to_it(
    tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    verdict = Verdict(published(tmp_path, statement(**changed)))
    assert verdict.code == 1
    assert verdict.says("BAD", why)


@pytest.mark.parametrize("size", [FIRST - 5, FIRST, KEPT - 1, KEPT])
def test_checkpoints_of_what_stands_are_confirmed(tmp_path: Path, size: int) -> None:
    since = tmp_path / "since"
    since.write_bytes(SIGNER.checkpoint(BEFORE[:size]))
    verdict = Verdict(published(tmp_path), "--since", str(since))
    assert verdict.code == 0
    assert verdict.says("ok", f"the log still begins with its {size} entries")


@pytest.mark.parametrize("size", [KEPT + 1, LAST, LAST + 1])
def test_a_checkpoint_of_what_is_lost_is_lost_and_never_ok(tmp_path: Path, size: int) -> None:
    since = tmp_path / "since"
    since.write_bytes(SIGNER.checkpoint(BEFORE[:size]))
    verdict = Verdict(published(tmp_path), "--since", str(since))
    assert verdict.code == 1
    assert verdict.says("LOST", f"are lost by the published gap {FIRST}..{LAST}")
    assert not verdict.says("BAD", "")


def test_a_checkpoint_that_contradicts_beyond_the_gap_is_bad(tmp_path: Path) -> None:
    since = tmp_path / "since"
    since.write_bytes(SIGNER.checkpoint(sample(LAST + 2)))
    verdict = Verdict(published(tmp_path), "--since", str(since))
    assert verdict.says("BAD", "are not the ones that it signs")


def test_receipts_of_lost_entries_are_lost(tmp_path: Path) -> None:
    held = [{"index": index, "leaf": b64(BEFORE[index])} for index in (FIRST, KEPT, LAST)]
    receipts = write_json(tmp_path / "receipts.json", held)
    verdict = Verdict(published(tmp_path), "--receipts", str(receipts))
    assert verdict.code == 1
    assert verdict.says("note", f"entry {FIRST} of the receipt: its leaf stands")
    assert verdict.says("LOST", f"entry {KEPT} of the receipt")
    assert verdict.says("LOST", f"entry {LAST} of the receipt")
    assert not verdict.says("ok", "receipts")
    forged = write_json(tmp_path / "forged.json", [{"index": FIRST, "leaf": b64(bytes(32))}])
    assert Verdict(tmp_path / "log", "--receipts", str(forged)).says("BAD", f"entry {FIRST} is not the one")
