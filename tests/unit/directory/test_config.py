"""The directory's settings: all that is wrong is said at once."""

from pathlib import Path
from typing import Any

import pytest

from services.directory.config import DirectoryConfig
from services.runtime.config import ConfigRefused, from_mapping


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    for name in ("certificate", "private_key", "ca", "root_secret", "half_key"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_bytes(b"x" * 32)
    return {
        "process": "directory",
        "environment": "synthetic",
        "port": 0,
        "health_port": 0,
        "telemetry_dir": "telemetry",
        "database_url": "postgresql://directory_serve@/contactpoint_directory",
        "peers": {"audit.ledger": "127.0.0.1:1", "identity": "127.0.0.1:2"},
        **{name: name for name in ("certificate", "private_key", "ca", "root_secret", "half_key")},
    }


def test_good_settings_are_taken(given: dict[str, Any], tmp_path: Path) -> None:
    assert from_mapping(DirectoryConfig, given, relative_to=tmp_path).sweep_seconds == 5.0


def test_everything_wrong_is_said_at_once_and_no_secret_with_it(given: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "half_key").write_bytes(b"short")
    given["peers"] = {"identity": "127.0.0.1:2"}
    with pytest.raises(ConfigRefused) as refused:
        from_mapping(DirectoryConfig, given, relative_to=tmp_path)
    assert refused.value.problems == ["half_key: must be 32 bytes", "peers: audit.ledger is missing"]
