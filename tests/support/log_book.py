"""The log of a suite as it stands in the database, opened with the ledger's own root secret."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.layout import PROJECT
from deploy.local.suite import Suite
from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import Entry, SubjectKind
from services.audit.ledger.domain.keyring import KeyMaterial, Keyring
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping

_CHECK_SECONDS = 120


@dataclass(frozen=True)
class Logged:
    """One entry, the leaf that the tree holds of it, and the children it is about."""

    leaf: bytes
    entry: Entry
    children: frozenset[int]


class LogBook:
    """Reads a log without asking the ledger."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    def leaves(self) -> dict[int, bytes]:
        """Return the leaf at every position."""
        return {
            int(index): bytes(leaf) for index, leaf in self._suite.psql("audit.ledger", "SELECT index, leaf FROM entry")
        }

    def read(self, indexes: Iterable[int]) -> Mapping[int, Logged]:
        """Return the entries at these positions, those of them that there are."""
        keyring = self._keyring()
        rows = self._suite.psql(
            "audit.ledger", "SELECT index, leaf, sealed FROM entry WHERE index = ANY(%s)", list(indexes)
        )
        return {int(index): _logged(keyring, index, bytes(leaf), bytes(sealed)) for index, leaf, sealed in rows}

    def after(self, index: int) -> Mapping[int, Logged]:
        """Return all entries behind a position."""
        return self.read(range(index + 1, self.size()))

    def size(self) -> int:
        """Return how many entries there are."""
        return int(self._suite.psql("audit.ledger", "SELECT coalesce(max(index) + 1, 0) FROM entry")[0][0])

    def check(self) -> str:
        """Return what `check-log` says of the log; fails if it finds anything amiss."""
        command = ["-m", "services.audit.ledger", "check-log", "--config", str(self._suite.config_file("audit.ledger"))]
        said = subprocess.run(
            [sys.executable, *command], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=_CHECK_SECONDS
        )
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout.strip().rpartition("\n")[2]

    def _keyring(self) -> Keyring:
        secret = Path(str(self._suite.config("audit.ledger")["root_secret"])).read_bytes()[:32]
        environment = self._suite.plan.environment
        wrapping = FileKeyWrapping(secret, environment=environment)
        rows = self._suite.psql("audit.ledger", "SELECT name, month, wrapped FROM wrapped_key")
        month = min(int(found) for _, found, _ in rows if found)
        keys = {str(name): wrapping.unwrap(bytes(wrapped), str(name)) for name, _, wrapped in rows}
        material = KeyMaterial(
            month=month,
            month_key=keys[f"month/{month}"],
            act_key=keys["act"],
            index_key=keys["index"],
            checkpoint_key=keys["checkpoint"],
        )
        return Keyring(environment=environment, material=material)


def _logged(keyring: Keyring, index: int, leaf: bytes, sealed: bytes) -> Logged:
    _, body = keyring.open_body(index, sealed)
    entry = entry_format.decode(body)
    children = (one for one in entry.subjects if one.kind is SubjectKind.CHILD)
    return Logged(leaf, entry, frozenset(keyring.open_number(one.sealed_number) for one in children))
