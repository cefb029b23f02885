"""A1 and A2: whatever is done to a published log, an outsider finds it, in the file, and names the first bad entry."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.verify_log.__main__ import main
from tests.unit.verify_log.small_log import (
    ORIGIN,
    Signer,
    b64,
    bundles,
    entry,
    files,
    mth,
    proof_of,
    sample,
    tiles,
    write,
    write_json,
)

SIZE = 600
LEAVES = sample(SIZE)
SIGNER = Signer()
FILES = files(LEAVES, SIGNER)
EARLIER = 300

Verify = Callable[..., "Verdict"]


class Verdict:
    def __init__(self, folder: Path, *more: str) -> None:
        self.lines: list[str] = []
        self.code = main(["--folder", str(folder), *more], self.lines.append)
        self.text = "\n".join(self.lines)
        found = re.search(r"first bad entry: (\d+)", self.text)
        self.first_bad = int(found[1]) if found else None

    def blames(self, path: str) -> bool:
        return any(line.startswith("BAD") and path in line for line in self.lines)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "log", FILES)


def flipped(content: bytes, position: int, bit: int = 0x01) -> bytes:
    return content[:position] + bytes([content[position] ^ bit]) + content[position + 1 :]


def entry_of(path: str, position: int) -> int | None:
    """Return the entry that a byte of a bundle belongs to."""
    found = re.fullmatch(r"tile/entries/(\d{3})(\.p/\d+)?", path)
    return int(found[1]) * 256 + position // 34 if found else None


@pytest.mark.promise("A1")
def test_a_whole_log_passes(log: Path) -> None:
    verdict = Verdict(log, "--key", SIGNER.vkey)
    assert verdict.code == 0, verdict.text
    assert f"{ORIGIN} signed 600 entries" in verdict.text
    assert "all 600 in 3 bundles" in verdict.text


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513])
def test_logs_of_every_shape_pass(tmp_path: Path, size: int) -> None:
    verdict = Verdict(write(tmp_path, files(LEAVES[:size], SIGNER)))
    assert verdict.code == 0, verdict.text


def test_a_log_with_three_levels_passes_and_a_flip_deep_in_it_is_named(tmp_path: Path) -> None:
    leaves = sample(65536 + 300)
    made = files(leaves, SIGNER)
    assert "tile/2/000.p/1" in made
    verdict = Verdict(write(tmp_path, made))
    assert verdict.code == 0, verdict.text
    path = "tile/entries/100"
    (tmp_path / path).write_bytes(flipped(made[path], 34 * 7 + 20))
    verdict = Verdict(tmp_path)
    assert (verdict.code, verdict.first_bad) == (1, 25607)
    assert verdict.blames(path)
    (tmp_path / path).write_bytes(made[path])
    for path in ("tile/0/100", "tile/1/000", "tile/2/000.p/1"):
        (tmp_path / path).write_bytes(flipped(made[path], 5))
        verdict = Verdict(tmp_path)
        assert verdict.code == 1
        assert verdict.blames(path)
        assert sum(line.startswith("BAD") for line in verdict.lines) == 2, verdict.text
        (tmp_path / path).write_bytes(made[path])


@pytest.mark.promise("A1")
@pytest.mark.parametrize("path", sorted(FILES))
def test_a_flip_in_any_file_is_found_and_the_file_and_entry_are_named(log: Path, path: str) -> None:
    content, chance = FILES[path], random.Random(path)
    positions = range(len(content)) if len(content) < 300 else [0, 1, 2, len(content) - 1]
    positions = [*positions, *(chance.randrange(len(content)) for _ in range(12))]
    for position in positions:
        for bit in (0x01, 1 << chance.randrange(8)):
            (log / path).write_bytes(flipped(content, position, bit))
            verdict = Verdict(log)
            assert verdict.code == 1, (position, bit, verdict.text)
            assert verdict.blames(path), (position, bit, verdict.text)
            assert verdict.first_bad == entry_of(path, position), (position, bit, verdict.text)


@pytest.mark.promise("A1")
def test_files_that_earlier_checkpoints_needed_are_checked_too(log: Path) -> None:
    old = files(LEAVES[:550], SIGNER)
    kept = {path: content for path, content in old.items() if path not in FILES}
    assert sorted(kept) == ["tile/0/002.p/38", "tile/entries/002.p/38"]
    write(log, kept)
    assert Verdict(log).code == 0
    for path, content in kept.items():
        (log / path).write_bytes(flipped(content, 40))
        verdict = Verdict(log)
        assert verdict.code == 1
        assert verdict.blames(path)
        assert verdict.first_bad == (513 if "entries" in path else None)
        (log / path).write_bytes(content)


def test_a_whole_tile_stands_for_the_narrow_one_that_was_taken_away(log: Path) -> None:
    later = files(sample(800), SIGNER)
    for name in ("tile/0/002", "tile/entries/002"):
        (log / f"{name}.p" / "88").unlink()
        write(log, {name: later[name]})
    verdict = Verdict(log)
    assert verdict.code == 0, verdict.text
    assert "2 belong to a later checkpoint" in verdict.text
    (log / "tile/entries/002").write_bytes(flipped(later["tile/entries/002"], 34 * 10 + 5))
    assert Verdict(log).first_bad == 522


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_missing_a_cut_and_a_grown_file_are_found(log: Path, path: str) -> None:
    for content in (None, b"", FILES[path][:-1], FILES[path][: len(FILES[path]) // 2], FILES[path] + b"\x00"):
        (log / path).unlink()
        if content is not None:
            (log / path).write_bytes(content)
        verdict = Verdict(log)
        assert verdict.code == 1
        assert verdict.blames(path), verdict.text
        (log / path).write_bytes(FILES[path])


def test_a_file_that_does_not_belong_is_found(log: Path) -> None:
    write(log, {"tile/0/0": b"x"})
    assert Verdict(log).blames("tile/0/0")


def changed(kind: str) -> tuple[list[bytes], int]:
    """Return the entries with one attack done to them, and the first that is bad by it."""
    x = sample(1000)[999]
    return {
        "edited": ([*LEAVES[:300], x, *LEAVES[301:]], 300),
        "deleted": ([*LEAVES[:300], *LEAVES[301:], x], 300),
        "inserted": ([*LEAVES[:300], x, *LEAVES[300:599]], 300),
        "reordered": ([*LEAVES[:300], LEAVES[301], LEAVES[300], *LEAVES[302:]], 300),
        "edited at the edge": ([*LEAVES[:599], x], 599),
        "reordered far apart": ([*LEAVES[:3], LEAVES[580], *LEAVES[4:580], LEAVES[3], *LEAVES[581:]], 3),
    }[kind]


ATTACKS = ["edited", "deleted", "inserted", "reordered", "edited at the edge", "reordered far apart"]


@pytest.mark.promise("A1")
@pytest.mark.parametrize("kind", ATTACKS)
def test_entries_changed_in_their_bundles_are_named(log: Path, kind: str) -> None:
    leaves, first = changed(kind)
    write(log, bundles(leaves))
    verdict = Verdict(log)
    assert (verdict.code, verdict.first_bad) == (1, first), verdict.text


@pytest.mark.promise("A1")
@pytest.mark.parametrize("kind", ATTACKS)
def test_entries_changed_with_the_hashes_over_them_are_found(log: Path, kind: str) -> None:
    leaves, first = changed(kind)
    write(log, {**bundles(leaves), **{path: new for path, new in tiles(leaves).items() if path.startswith("tile/0/")}})
    verdict = Verdict(log)
    assert verdict.code == 1
    if first < 512:
        # Only the hashes above vouch now, one for 256 entries.
        assert verdict.first_bad == first // 256 * 256, verdict.text


@pytest.mark.promise("A1")
@pytest.mark.parametrize("kind", ATTACKS)
def test_a_log_rewritten_up_to_the_root_is_found(log: Path, kind: str) -> None:
    leaves, _ = changed(kind)
    write(log, {**bundles(leaves), **tiles(leaves)})
    verdict = Verdict(log)
    assert verdict.code == 1
    assert verdict.blames("checkpoint")


@pytest.mark.promise("A1")
@pytest.mark.parametrize("kind", ATTACKS)
def test_a_log_rewritten_and_signed_anew_is_found_by_what_others_hold(tmp_path: Path, kind: str) -> None:
    leaves, first = changed(kind)
    log = write(tmp_path / "log", files(leaves, SIGNER))
    since = tmp_path / "since"
    since.write_bytes(SIGNER.checkpoint(LEAVES[: first + 1]))
    receipts = write_json(tmp_path / "receipts", [{"index": n, "leaf": b64(LEAVES[n])} for n in range(SIZE)])
    assert Verdict(log).code == 0
    assert Verdict(log, "--since", str(since)).blames(str(since))
    assert Verdict(log, "--receipts", str(receipts)).first_bad == first


@pytest.mark.promise("A1")
def test_a_log_taken_back_is_found(tmp_path: Path) -> None:
    log = write(tmp_path / "log", files(LEAVES[:EARLIER], SIGNER))
    since = tmp_path / "since"
    since.write_bytes(SIGNER.checkpoint(LEAVES))
    verdict = Verdict(log, "--since", str(since))
    assert (verdict.code, verdict.first_bad) == (1, EARLIER)
    receipt = write_json(tmp_path / "receipts", {"index": str(SIZE - 1), "leaf": LEAVES[SIZE - 1].hex()})
    assert Verdict(log, "--receipts", str(receipt)).first_bad == SIZE - 1


@pytest.mark.parametrize("size", [0, 1, 255, 256, 300, 512, 600])
def test_a_log_that_went_on_passes(log: Path, tmp_path: Path, size: int) -> None:
    since = tmp_path / "since"
    since.write_bytes(SIGNER.checkpoint(LEAVES[:size]))
    verdict = Verdict(log, "--since", str(since))
    assert verdict.code == 0
    assert f"still begins with its {size} entries" in verdict.text


def test_receipts_and_proofs_pass_and_each_flip_in_them_is_found(log: Path, tmp_path: Path) -> None:
    lines = "\n".join(f'{{"index": {n}, "leaf": "{b64(LEAVES[n])}"}}' for n in (0, 255, 256, 599))
    receipts = tmp_path / "receipts"
    receipts.write_text(lines)
    proofs = write_json(tmp_path / "entry", [proof_of(index, LEAVES) for index in (0, 255, 300, 512, 599)])
    verdict = Verdict(log, "--receipts", str(receipts), "--entry", str(proofs))
    assert verdict.code == 0, verdict.text
    for name, value in (
        ("index", 301),
        ("body", b64(b"entry 301")),
        ("salt", b64(bytes(32))),
        ("inclusion_proof", [b64(bytes(32))] * 10),
    ):
        write_json(proofs, {**proof_of(300, LEAVES), name: value})
        assert Verdict(log, "--entry", str(proofs)).code == 1


def test_an_answer_of_who_looked_at_is_read_as_it_is_printed(log: Path, tmp_path: Path) -> None:
    leaves = LEAVES[:EARLIER]
    proof = proof_of(299, leaves)
    printed = {
        "looks": [{"act": "x", "proof": {**proof, "index": "299", "inclusionProof": proof["inclusion_proof"]}}],
        "checkpoint": SIGNER.checkpoint(leaves).decode(),
    }
    answer = write_json(tmp_path / "answer", printed)
    assert Verdict(log, "--entry", str(answer)).code == 0
    forged = {**printed, "checkpoint": Signer(seed=b"o" * 32).checkpoint(leaves).decode()}
    assert Verdict(log, "--entry", str(write_json(tmp_path / "answer", forged))).code == 1
    fork = [*leaves[:10], bytes(32), *leaves[11:]]
    forked = {"looks": [{"proof": proof_of(299, fork)}], "checkpoint": SIGNER.checkpoint(fork).decode()}
    verdict = Verdict(log, "--entry", str(write_json(tmp_path / "answer", forked)))
    assert "the first 300 entries are not the ones that it signs" in verdict.text


def test_a_log_of_another_key_or_name_is_refused(log: Path, tmp_path: Path) -> None:
    other = Signer(seed=b"o" * 32)
    key = tmp_path / "key"
    key.write_text(other.vkey + "\n")
    for given in (other.vkey, str(key)):
        verdict = Verdict(log, "--key", given)
        assert verdict.blames("verifier.key")
        assert verdict.blames("checkpoint")
    (log / "checkpoint").write_bytes(SIGNER.checkpoint(LEAVES, origin="another.test/log"))
    assert Verdict(log).blames("checkpoint")


def test_other_signatures_beside_the_log_s_are_ignored(log: Path) -> None:
    text, _, own = FILES["checkpoint"].decode().rpartition("\n\n")
    witness = Signer("witness.test", seed=b"w" * 32).note(text + "\n").decode().rpartition("\n\n")[2]
    (log / "checkpoint").write_text(f"{text}\n\n{witness}{own}")
    assert Verdict(log).code == 0


def test_what_cannot_be_asked_ends_with_two(log: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("no json")
    assert Verdict(log, "--receipts", str(bad)).code == 2
    assert Verdict(log, "--entry", str(bad)).code == 2
    assert Verdict(log, "--since", str(tmp_path / "missing")).code == 2
    assert Verdict(tmp_path / "missing").code == 2


@pytest.mark.promise("A2")
def test_it_runs_without_anything_of_ours(log: Path) -> None:
    code = (
        "import sys; from clients.verify_log.__main__ import main;"
        f"code = main(['--folder', {str(log)!r}]);"
        "ours = [m for m in sys.modules if m.split('.')[0] in ('services', 'contactpoint', 'grpc', 'google')];"
        "print(ours); sys.exit(code)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_sample_s_root_is_the_definition_s() -> None:
    assert b64(mth(LEAVES)) in FILES["checkpoint"].decode()
    assert entry(0)[2] == LEAVES[0]
