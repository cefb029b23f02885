"""Secrets, folders, endpoints, disk: what lies in the deployment's folder."""

import errno
import os
import threading
from pathlib import Path

import pytest

from deploy.local import endpoints, private_files, secret_files
from deploy.local import layout as layout_module
from deploy.local.authority import Authority
from deploy.local.fault import Fault, explained
from deploy.local.layout import SOCKET_PATH_BYTES, Layout
from deploy.local.plan import Plan


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "root")
    made.prepare()
    return made


def test_a_secret_is_made_once(layout: Layout) -> None:
    secret_files.make(layout, ["a.root"])
    path = layout.secrets / "a.root"
    first = path.read_bytes()
    secret_files.make(layout, ["a.root", "b.root"])
    assert path.read_bytes() == first
    assert len(first) == 32
    # Whoever reads a secret may strip a last line's end.
    assert b"\n" not in first
    assert path.stat().st_mode & 0o777 == 0o600
    assert layout.secrets.stat().st_mode & 0o777 == 0o700


def test_a_lost_secret_is_never_made_again(layout: Layout) -> None:
    secret_files.make(layout, ["a.root"])
    (layout.secrets / "a.root").unlink()
    with pytest.raises(Fault, match="missing"):
        secret_files.make(layout, ["a.root"])
    assert not (layout.secrets / "a.root").exists()


def test_another_secret_in_its_place_is_refused(layout: Layout) -> None:
    secret_files.make(layout, ["a.root"])
    (layout.secrets / "a.root").write_bytes(b"x" * 32)
    with pytest.raises(Fault, match="not the file"):
        secret_files.make(layout, ["a.root"])


def test_a_secret_whose_making_was_cut_short_after_the_file_is_kept(layout: Layout) -> None:
    (layout.secrets / "a.root").write_bytes(b"y" * 32)
    secret_files.make(layout, ["a.root"])
    assert (layout.secrets / "a.root").read_bytes() == b"y" * 32


def test_a_password_stays(layout: Layout) -> None:
    password, path = secret_files.password(layout, "identity_serve")
    assert secret_files.password(layout, "identity_serve") == (password, path)
    assert path.read_text().endswith(f":{password}\n")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Fault, match=r"thesis\.txt"):
        Layout(tmp_path).prepare()


def test_a_folder_of_another_format_is_refused(layout: Layout) -> None:
    layout.marker.write_text('{"format": 99}')
    with pytest.raises(Fault, match="format 99"):
        layout.prepare()


def test_removal_takes_what_is_ours_and_nothing_else(layout: Layout) -> None:
    (layout.root / "mine.txt").write_text("kept")
    layout.remove()
    assert [entry.name for entry in layout.root.iterdir()] == ["mine.txt"]


def test_sockets_stay_within_what_the_kernel_takes(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    for root in (tmp_path / "short", deep):
        layout = Layout(root)
        layout.root.mkdir(parents=True)
        longest = layout.sockets / "pg.audit.ledger" / ".s.PGSQL.5432.lock"
        assert len(os.fsencode(longest)) <= SOCKET_PATH_BYTES
        assert layout.sockets.stat().st_mode & 0o777 == 0o700
        layout.sockets.rmdir()


def test_a_shared_folder_that_another_prepared_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    trap = tmp_path / f"contactpoint-{os.geteuid()}"
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    trap.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Fault, match="not a private folder"):
        layout_module.shared_folder()
    trap.unlink()
    trap.mkdir(mode=0o777)
    trap.chmod(0o777)
    with pytest.raises(Fault, match="not a private folder"):
        layout_module.shared_folder()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    private_files.write(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        private_files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "number,said", [(errno.ENOSPC, "is full"), (errno.EACCES, "another user"), (errno.EROFS, "read-only")]
)
def test_the_systems_errors_are_explained(tmp_path: Path, number: int, said: str) -> None:
    with pytest.raises(Fault, match=said), explained(tmp_path):
        raise OSError(number, os.strerror(number))


def test_endpoints_keep_what_others_have_written(layout: Layout) -> None:
    authority = Authority(layout=layout, environment="synthetic")
    endpoints.write_skeleton(layout, Plan(), {"gateway.edge": 21_000}, authority)
    endpoints.merge(layout, {"users": [{"username": "nurse"}], "log": {"origin": "o"}})
    endpoints.write_skeleton(layout, Plan(), {"gateway.edge": 21_001}, authority)
    found = endpoints.read(layout)
    assert found["schema"] == 1
    assert found["edge"] == "localhost:21001"
    assert found["users"] == [{"username": "nurse"}]
    assert found["log"] == {"folder": str(layout.published_log), "origin": "o"}
    assert layout.endpoints.stat().st_mode & 0o777 == 0o600


def test_writers_of_endpoints_do_not_lose_each_others_words(layout: Layout) -> None:
    threads = [threading.Thread(target=endpoints.merge, args=(layout, {f"key{n}": n})) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert endpoints.read(layout) == {f"key{n}": n for n in range(8)}
