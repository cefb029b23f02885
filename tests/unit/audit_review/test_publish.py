"""The public files follow the ledger, survive any crash, and never show what contradicts what was shown before."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.verify_log.__main__ import main as verify_log
from services.audit.review.storage.log_folder import FileLogFolder
from services.audit.review.use_cases.publish import Publish
from tests.unit.audit_review.fakes import FakeLog, FakePublishedLog
from tests.unit.verify_log.small_log import Signer, b64, files, mth, sample, sha


class PowerCut(Exception):
    pass


class FailingFolder(FileLogFolder):
    """A folder on a machine that loses power at its n-th write, before or after it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.writes_left = 10**9
        self.written: list[str] = []

    def write(self, path: str, content: bytes) -> None:
        if self.writes_left == 0:
            raise PowerCut
        self.writes_left -= 1
        super().write(path, content)
        self.written.append(path)


class Stage:
    """A ledger's log, the folder and what is remembered, with a publisher that can be started anew."""

    def __init__(self, root: Path, count: int = 0) -> None:
        self.root = root
        self.log = FakeLog(count)
        self.folder = FailingFolder(root)
        self.published = FakePublishedLog()
        self.counted: list[str] = []
        self.restart()

    def restart(self) -> None:
        self.folder = FailingFolder(self.root)
        self.publish = Publish(log=self.log, folder=self.folder, published=self.published, count=self.counted.append)

    def verdict(self) -> int:
        return verify_log(["--folder", str(self.root), "--key", Signer().vkey], lambda _: None)

    def size(self) -> int:
        return int((self.root / "checkpoint").read_text().split("\n")[1])


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "log")


def test_the_files_are_those_of_the_definition_whatever_the_steps(stage: Stage) -> None:
    for size in (0, 1, 5, 255, 256, 256, 300, 513, 1100, 1101):
        stage.log.grow(size)
        stage.publish()
        assert (stage.size(), stage.verdict()) == (size, 0)
        wanted = files(sample(size), Signer())
        assert {path: (stage.root / path).read_bytes() for path in wanted} == wanted
    assert set(stage.counted) == {"PUBLISHED"}


def test_the_checkpoint_is_written_last_and_what_is_there_is_not_written_again(stage: Stage) -> None:
    stage.log.grow(600)
    stage.publish()
    assert stage.folder.written[-1] == "checkpoint"
    stage.folder.written.clear()
    stage.publish()
    assert stage.folder.written == []
    stage.log.grow(601)
    stage.log.asked_for.clear()
    stage.publish()
    assert stage.log.asked_for == [600]
    assert stage.folder.written == ["tile/entries/002.p/89", "tile/0/002.p/89", "checkpoint"]


def test_narrow_forms_go_once_the_whole_tile_is_published(stage: Stage) -> None:
    for size in (200, 250, 260):
        stage.log.grow(size)
        stage.publish()
    assert not (stage.root / "tile/0/000.p").exists()
    assert not (stage.root / "tile/entries/000.p").exists()
    assert (stage.root / "tile/0/000").exists()


@pytest.mark.parametrize("has_restarted", [False, True])
def test_a_power_cut_at_any_write_leaves_a_log_that_verifies_and_goes_on(tmp_path: Path, has_restarted: bool) -> None:
    for cut in range(14):
        stage = Stage(tmp_path / f"log-{cut}", 250)
        stage.publish()
        stage.log.grow(600)
        stage.folder.writes_left = cut
        try:
            stage.publish()
        except PowerCut:
            assert (stage.size(), stage.verdict()) == (250, 0)
        if has_restarted:
            stage.restart()
        stage.folder.writes_left = 10**9
        stage.publish()
        assert (stage.size(), stage.verdict()) == (600, 0)


def refused(stage: Stage, reason: str) -> bool:
    """Publish; whether it was refused for that reason and the public files still are what they were, and verify."""
    before = (stage.root / "checkpoint").read_bytes()
    for _ in range(2):
        stage.counted.clear()
        stage.publish()
        assert stage.counted == [reason]
        assert (stage.root / "checkpoint").read_bytes() == before
        assert stage.verdict() == 0
        stage.restart()
    return True


@pytest.mark.promise("A1")
def test_a_ledger_that_went_back_is_refused_and_may_catch_up(stage: Stage) -> None:
    stage.log.grow(600)
    stage.publish()
    stage.log.grow(400)
    assert refused(stage, "SIZE_WENT_BACK")
    stage.log.grow(601)
    stage.publish()
    assert (stage.size(), stage.verdict()) == (601, 0)


@pytest.mark.promise("A1")
def test_what_the_folder_says_holds_even_when_the_database_forgot(stage: Stage) -> None:
    stage.log.grow(600)
    stage.publish()
    stage.published.kept = None
    stage.log.grow(400)
    assert refused(stage, "SIZE_WENT_BACK")
    stage.log.grow(700)
    stage.publish()
    assert (stage.size(), stage.verdict()) == (700, 0)


@pytest.mark.promise("A1")
@pytest.mark.parametrize("index", [0, 300, 599])
@pytest.mark.parametrize("has_restarted", [False, True])
def test_a_rewritten_ledger_is_refused(stage: Stage, index: int, has_restarted: bool) -> None:
    stage.log.grow(600)
    stage.publish()
    stage.log.grow(700)
    stage.log.held[index] = sha(b"another")
    if has_restarted:
        stage.restart()
    assert refused(stage, "ROOT_DIFFERS_FROM_LEAVES")
    stage.log.grow(600)
    stage.log.held[index] = sha(b"another")
    assert refused(stage, "ROOT_CHANGED")


@pytest.mark.promise("A1")
def test_leaves_that_are_not_the_signed_ones_are_refused_and_never_shown(stage: Stage) -> None:
    stage.log.grow(600)
    stage.publish()
    stage.log.grow(1000)
    honest = stage.log.checkpoint()
    stage.log.held[700] = sha(b"another")
    stage.log.checkpoint = lambda: honest  # type: ignore[method-assign]
    assert refused(stage, "ROOT_DIFFERS_FROM_LEAVES")
    stage.log.grow(1000)
    stage.publish()
    assert (stage.size(), stage.verdict()) == (1000, 0)


def test_missing_or_misshapen_leaves_are_refused(stage: Stage) -> None:
    stage.log.grow(100)
    stage.publish()
    stage.log.grow(300)
    honest, held = stage.log.checkpoint(), stage.log.held
    stage.log.checkpoint = lambda: honest  # type: ignore[method-assign]
    stage.log.held = held[:200]
    assert refused(stage, "LEAVES_MISSING")
    stage.log.held = [*held[:200], b"short", *held[201:]]
    assert refused(stage, "LEAVES_MISSING")
    stage.log.held = held
    stage.publish()
    assert (stage.size(), stage.verdict()) == (300, 0)


def test_another_key_and_a_false_signature_are_refused(stage: Stage) -> None:
    stage.log.grow(100)
    stage.publish()
    stage.log.grow(101)
    stage.log.signer = Signer(seed=b"o" * 32)
    assert refused(stage, "VERIFIER_KEY_CHANGED")
    stage.log.signer = Signer()
    signed = stage.log.checkpoint()
    forged = type(signed)(signed.note.replace("\n101\n", "\n102\n"), signed.verifier_key)
    stage.log.checkpoint = lambda: forged  # type: ignore[method-assign]
    assert refused(stage, "CHECKPOINT_NOT_SIGNED")


def test_a_lost_folder_is_made_again_from_the_ledger(stage: Stage) -> None:
    stage.log.grow(600)
    stage.publish()
    stage.restart()
    for path in sorted(stage.root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    stage.log.grow(700)
    stage.publish()
    assert (stage.size(), stage.verdict()) == (700, 0)


def test_a_lost_folder_is_not_made_again_from_another_log(stage: Stage) -> None:
    stage.log.grow(600)
    stage.publish()
    stage.restart()
    (stage.root / "tile/0/002.p/88").unlink()
    stage.log.grow(700)
    stage.log.held[10] = sha(b"another")
    before = (stage.root / "checkpoint").read_bytes()
    stage.publish()
    # Two whole tiles differ from the published ones, which is found before the root is.
    assert stage.counted[-1] == "PUBLISHED_TILE_CHANGED"
    assert (stage.root / "checkpoint").read_bytes() == before


def test_a_damaged_edge_is_mended_and_a_damaged_whole_tile_is_not_touched(stage: Stage) -> None:
    stage.log.grow(600)
    stage.publish()
    for path in ("tile/entries/002.p/88", "tile/0/002.p/88", "tile/1/000.p/2", "checkpoint", "verifier.key"):
        (stage.root / path).write_bytes(b"damaged")
        stage.restart()
        stage.publish()
        assert stage.verdict() == 0, path
    (stage.root / "tile/0/001").write_bytes(b"damaged")
    (stage.root / "tile/0/002.p/88").write_bytes(b"damaged")
    stage.restart()
    stage.publish()
    assert stage.counted[-1] == "PUBLISHED_TILE_CHANGED"
    assert (stage.root / "tile/0/001").read_bytes() == b"damaged"


def test_everybody_may_read_the_files(stage: Stage) -> None:
    stage.log.grow(300)
    stage.publish()
    modes = {path.stat().st_mode & 0o777 for path in stage.root.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in stage.root.rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o644}, {0o755})


def test_a_gap_is_said_before_what_comes_after_it_is_public(stage: Stage) -> None:
    stage.log.grow(400)
    stage.publish()
    stage.log.grow(500)
    origin, root = stage.log.signer.name, b64(mth(stage.log.held[:410]))
    statement = f"{origin}\ngap\n410\n410\n419\n{root}\n2026-11-22T19:00:00+00:00\n"
    lost = [sha(f"{origin}\nlost\n{index}\n".encode()) for index in range(410, 420)]
    stage.log.held[410:421] = [*lost, sha(statement.encode())]
    stage.log.gaps = {420: statement}
    stage.publish()
    written = stage.folder.written
    assert written.index("gap/420") < len(written) - 1 - written[::-1].index("checkpoint")
    assert (stage.root / "gap" / "420").read_text() == statement
    assert stage.size() == 500
    assert stage.verdict() == 0
    said: list[str] = []
    verify_log(["--folder", str(stage.root)], said.append)
    assert any(line.startswith("GAP") and "entries 410 to 419 ARE LOST" in line for line in said)
