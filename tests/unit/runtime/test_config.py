"""Settings are typed and bounded, and everything wrong with them is said at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from services.runtime.config import ConfigRefused, ProcessConfig, described, load, read_secret, secret, setting


@dataclass(frozen=True, kw_only=True)
class EchoConfig(ProcessConfig):
    """A process with settings of its own."""

    database: str = setting(meaning="name of the database")
    pepper: Path = secret(meaning="key for user names")
    grid_ms: float = setting(25.0, meaning="answers leave on this grid", least=0, most=1000)
    areas: tuple[str, ...] = setting((), meaning="authority codes")
    mode: str = setting("strict", meaning="how strict", choices=("strict", "lax"))
    is_synthetic: bool = setting(default=True, meaning="whether children are synthetic")

    def problems(self) -> list[str]:
        return ["areas: at most two"] if len(self.areas) > 2 else []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, mode in {"cert.pem": 0o644, "ca.pem": 0o644, "key.pem": 0o600, "pepper": 0o400}.items():
        path = tmp_path / name
        path.write_text("contents\n")
        path.chmod(mode)
    return tmp_path


GOOD = """
process = "directory"
environment = "synthetic"
port = 7001
health_port = 7002
certificate = "cert.pem"
private_key = "key.pem"
ca = "ca.pem"
telemetry_dir = "telemetry"
database = "contactpoint_directory"
pepper = "pepper"
areas = ["E08000001"]
grid_ms = 10
[peers]
"audit.ledger" = "127.0.0.1:7003"
"""


def loaded(folder: Path, text: str = GOOD) -> EchoConfig:
    path = folder / "settings.toml"
    path.write_text(text)
    return load(EchoConfig, path)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        loaded(folder, text)
    return refused.value.problems


def test_it_reads(folder: Path) -> None:
    found = loaded(folder)
    assert (found.port, found.workers, found.host, found.is_synthetic) == (7001, 8, "127.0.0.1", True)
    assert (found.grid_ms, found.areas, found.peers) == (10.0, ("E08000001",), {"audit.ledger": "127.0.0.1:7003"})
    assert found.pepper == folder / "pepper"
    assert read_secret(found.pepper) == b"contents"


def test_everything_wrong_is_said_at_once(folder: Path) -> None:
    (folder / "key.pem").chmod(0o640)
    (folder / "pepper").chmod(0o600)
    (folder / "pepper").write_text("")
    text = (
        GOOD.replace("port = 7001", 'port = "7001"')
        .replace('database = "contactpoint_directory"', "")
        .replace('certificate = "cert.pem"', 'certificate = "nothing.pem"')
        .replace("grid_ms = 10", "grid_ms = 1001\nmode = 'loose'\ncolour = 'red'\nhost = 'localhost'")
        .replace("127.0.0.1:7003", "127.0.0.1")
    )
    said = problems(folder, text)
    expected = [
        "colour: no such setting",
        "port: must be a whole number",
        "database: missing (name of the database)",
        "certificate: there is no such file",
        "private_key: is a secret, so its mode must be 0600 or 0400",
        "pepper: is empty",
        "grid_ms: must be at most 1000",
        "mode: must be one of strict, lax",
        "host: must be an address, not a name",
        "peers: audit.ledger must be host:port, or several with commas",
    ]
    assert set(expected) <= set(said)


@pytest.mark.parametrize(
    "change",
    [
        ("port = 7001", "port = true"),
        ("port = 7001", "port = 7001.0"),
        ("port = 7001", "port = -1"),
        ("port = 7001", "port = 65536"),
        ("grid_ms = 10", "grid_ms = inf"),
        ("grid_ms = 10", "grid_ms = nan"),
        ("grid_ms = 10", "grid_ms = '10'"),
        ("grid_ms = 10", "is_synthetic = 1"),
        ('areas = ["E08000001"]', 'areas = "E08000001"'),
        ('areas = ["E08000001"]', "areas = [1]"),
        ('pepper = "pepper"', 'pepper = ""'),
        ('pepper = "pepper"', 'pepper = "."'),
        ('"audit.ledger" = "127.0.0.1:7003"', '"audit.ledger" = 7003'),
        ('"audit.ledger" = "127.0.0.1:7003"', '"audit.ledger" = "127.0.0.1:0"'),
    ],
)
def test_it_is_refused(folder: Path, change: tuple[str, str]) -> None:
    assert problems(folder, GOOD.replace(*change))


def test_a_class_adds_rules_of_its_own(folder: Path) -> None:
    assert problems(folder, GOOD.replace('["E08000001"]', '["a", "b", "c"]')) == ["areas: at most two"]


def test_a_file_that_is_not_there_or_no_toml(folder: Path) -> None:
    with pytest.raises(ConfigRefused, match="cannot be read"):
        load(EchoConfig, folder / "nothing.toml")
    assert problems(folder, "port 7001") == ["the settings are not TOML"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604, 0o700])
def test_a_secret_that_others_might_read_is_refused(folder: Path, mode: int) -> None:
    (folder / "pepper").chmod(mode)
    assert problems(folder, GOOD) == ["pepper: is a secret, so its mode must be 0600 or 0400"]
    with pytest.raises(ConfigRefused):
        read_secret(folder / "pepper")


def test_every_setting_says_what_it_means() -> None:
    said = list(described(EchoConfig))
    assert all(meaning for _, _, _, meaning in said)
    assert ("grid_ms", "a number", "25.0", "answers leave on this grid") in said
