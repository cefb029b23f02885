"""Which losses of acts two custodians have accepted: a fold over entries, kept by the leader and its standby alike."""

from __future__ import annotations

from datetime import datetime, timedelta

ACCEPTED_WITHIN = timedelta(days=7)
"""The second custodian comes this long after the first at most."""


class Losses:
    """Changed by entries and by nothing else."""

    def __init__(self) -> None:
        self._asked: dict[tuple[bytes, int], dict[str, datetime]] = {}
        self._accepted: set[tuple[bytes, int]] = set()

    def take(self, lost_digest: bytes, lost_count: int, custodian: str, at: datetime) -> None:
        """Take in that a custodian accepts a loss, known by its digest and by how many acts it has."""
        loss = (lost_digest, lost_count)
        said = self._asked.setdefault(loss, {})
        if any(other != custodian and at - then <= ACCEPTED_WITHIN for other, then in said.items()):
            self._accepted.add(loss)
        said[custodian] = at

    def forget(self, custodian: str) -> None:
        """Let a custodian's word lapse where it is the only one: the standing under which it was given is no more."""
        for said in self._asked.values():
            said.pop(custodian, None)

    def is_accepted(self, lost_digest: bytes, lost_count: int) -> bool:
        """Return whether two different custodians have accepted exactly this loss."""
        return (lost_digest, lost_count) in self._accepted
