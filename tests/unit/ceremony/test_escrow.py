"""Root secrets in shares: a quorum opens them, anything less or else does not."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.ceremony import room
from deploy.ceremony.__main__ import ROOT_SECRETS, main
from deploy.ceremony.escrow import CeremonyRefused, Escrow, check_share, seal, unseal
from deploy.local.processes import PROCESSES

SECRETS = {name: os.urandom(32) for name in ROOT_SECRETS}


@pytest.fixture(scope="module")
def sealed() -> tuple[Escrow, tuple[str, ...]]:
    return seal(SECRETS, environment="drill", shares=5, needed=3)


def test_every_quorum_opens(sealed: tuple[Escrow, tuple[str, ...]]) -> None:
    escrow, shares = sealed
    for quorum in itertools.combinations(shares, 3):
        assert unseal(escrow, quorum) == SECRETS


def test_fewer_open_nothing(sealed: tuple[Escrow, tuple[str, ...]]) -> None:
    escrow, shares = sealed
    for few in itertools.combinations(shares, 2):
        with pytest.raises(CeremonyRefused):
            unseal(escrow, few)
    # One custodian who brings the card twice, in capitals, is one custodian.
    with pytest.raises(CeremonyRefused):
        unseal(escrow, [shares[0], shares[0].upper(), shares[1]])


def test_shares_of_another_ceremony_open_nothing(sealed: tuple[Escrow, tuple[str, ...]]) -> None:
    escrow, shares = sealed
    _, others = seal(SECRETS, environment="drill", shares=5, needed=3)
    with pytest.raises(CeremonyRefused):
        unseal(escrow, others[:3])
    with pytest.raises(CeremonyRefused):
        unseal(escrow, [*shares[:2], others[2]])


@pytest.mark.parametrize("field", ["environment", "needed", "shares", "digests", "sealed", "nonce", "format"])
def test_a_changed_file_opens_nothing(sealed: tuple[Escrow, tuple[str, ...]], field: str) -> None:
    escrow, shares = sealed
    value = json.loads(escrow.to_bytes())
    changed = {
        "environment": "production",
        "needed": 2,
        "shares": 6,
        "digests": {**value["digests"], "identity.root": "0" * 64},
        "sealed": "A" + value["sealed"][1:] if value["sealed"][0] != "A" else "B" + value["sealed"][1:],
        "nonce": "AAAAAAAAAAAAAAAA",
        "format": 2,
    }[field]
    with pytest.raises(CeremonyRefused):
        unseal(Escrow.from_bytes(json.dumps({**value, field: changed}).encode()), shares[:3])


@pytest.mark.parametrize("shares, needed", [(5, 1), (2, 3), (17, 3), (1, 1)])
def test_no_quorum_of_one_and_none_too_large(shares: int, needed: int) -> None:
    with pytest.raises(CeremonyRefused):
        seal(SECRETS, environment="drill", shares=shares, needed=needed)


def test_the_file_holds_no_secret(sealed: tuple[Escrow, tuple[str, ...]]) -> None:
    content = sealed[0].to_bytes()
    for secret in SECRETS.values():
        assert secret not in content
        assert secret.hex().encode() not in content


def test_one_wrong_word_is_told_at_once(sealed: tuple[Escrow, tuple[str, ...]]) -> None:
    words = sealed[1][0].split()
    check_share(" ".join(words))
    with pytest.raises(CeremonyRefused):
        check_share(" ".join(["academic" if words[4] != "academic" else "acid", *words[:4], *words[5:]]))


def test_the_ceremony_keeps_every_root_secret_of_the_processes() -> None:
    ours = {file for process in PROCESSES for file in process.secrets.values()}
    # The pages' cookie key opens nothing at rest: after its loss everybody signs in again.
    assert ours - {"gateway.web.cookie"} == set(ROOT_SECRETS)


def test_secrets_come_back_byte_for_byte(tmp_path: Path) -> None:
    before, after, shares = tmp_path / "before", tmp_path / "after", tmp_path / "shares"
    sealed = tmp_path / "root-secrets.json"
    common = ["--sealed", str(sealed), "--share-files", str(shares)]
    assert main(["make", *common, "--secrets", str(before), "--environment", "drill"]) == 0
    for lost in ("share-1.txt", "share-4.txt"):
        (shares / lost).unlink()
    assert main(["open", *common, "--secrets", str(after)]) == 0
    for name in ROOT_SECRETS:
        assert (after / name).read_bytes() == (before / name).read_bytes()
        assert (after / name).stat().st_mode & 0o777 == 0o600
    # Another secret of that name is never replaced.
    (after / "identity.root").write_bytes(os.urandom(32))
    assert main(["open", *common, "--secrets", str(after)]) == 1
    (shares / "share-5.txt").unlink()
    assert main(["open", *common, "--secrets", str(tmp_path / "third")]) == 1
    assert not (tmp_path / "third" / "identity.root").exists()


def test_custodians_read_back_what_they_wrote(
    sealed: tuple[Escrow, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    escrow, shares = sealed
    at = 0
    misread = 1

    def typed(prompt: str) -> str:
        nonlocal at, misread
        if prompt.startswith("Share "):
            at = int(prompt.split()[1]) - 1
        if not prompt.startswith("Word "):
            return ""
        word = shares[at].split()[int(prompt.split()[1]) - 1]
        if misread:
            misread -= 1
            return word + "x"
        return word.upper()

    monkeypatch.setattr("builtins.input", typed)
    room.hand_out(shares, needed=3, environment="drill")
    said = capsys.readouterr().out
    assert "Look at it again" in said
    # Each share was on the screen and was wiped from it: nothing follows the last card but its wiping.
    assert said.rstrip().splitlines()[-1].endswith("Share 5 is with its custodian.")

    typing: Iterator[str] = iter(["no share at all", *shares[1:4]])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(typing))
    assert unseal(escrow, room.collect(needed=3, environment="drill")) == SECRETS
