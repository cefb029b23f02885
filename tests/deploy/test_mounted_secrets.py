"""A secret that Kubernetes mounts for a pod's own group is a secret; the same file for anybody else is not."""

import os

import pytest

from services.runtime.config import _is_given_to_our_group

_OURS = 10_001


def _file(mode: int, *, owner: int = 0, group: int = _OURS) -> os.stat_result:
    return os.stat_result((0o100000 | mode, 1, 1, 1, owner, group, 32, 0, 0, 0))


@pytest.mark.parametrize(
    "file, user, is_secret",
    [
        (_file(0o440), 10_001, True),
        (_file(0o444), 10_001, False),
        (_file(0o460), 10_001, False),
        (_file(0o640), 10_001, False),
        (_file(0o440, group=0), 10_001, False),
        (_file(0o440, group=20_000), 10_001, False),
        (_file(0o440, owner=20_000), 10_001, False),
        # Root reads everything, so a group of root's tells nothing about who else may.
        (_file(0o440), 0, False),
    ],
)
def test_only_root_s_file_for_our_own_group_is_taken(
    file: os.stat_result, user: int, is_secret: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "getegid", lambda: _OURS)
    assert _is_given_to_our_group(file) is is_secret
