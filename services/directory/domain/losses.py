"""Acts that the ledger knows to have happened and a restored directory does not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_IN_A_PART = 4000


@dataclass(frozen=True, slots=True)
class EndedAct:
    """What one entry of the log says of an act of this directory."""

    act_id: bytes
    index: int
    lost_digest: bytes = b""
    """Empty: it ended done. Else it was taken back, as part of this accepted loss."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Lost acts, the newest first; known to custodians by a digest and by how many they are."""

    acts: tuple[EndedAct, ...]

    @classmethod
    def of(cls, acts: Iterable[EndedAct]) -> Loss:
        """Return the loss of these acts, whatever their order."""
        return cls(tuple(sorted(acts, key=lambda one: one.index, reverse=True)))

    @property
    def parts(self) -> Sequence[tuple[EndedAct, ...]]:
        """The acts in parts that one call holds."""
        return [self.acts[at : at + MOST_IN_A_PART] for at in range(0, len(self.acts), MOST_IN_A_PART)]

    @property
    def part_digests(self) -> tuple[bytes, ...]:
        """SHA-256 of each part: of the names of its acts, one after another."""
        return tuple(hashlib.sha256(b"".join(one.act_id for one in part)).digest() for part in self.parts)

    @property
    def digest(self) -> bytes:
        """What two custodians accept: SHA-256 of the parts' digests, as the ledger computes it."""
        return hashlib.sha256(b"".join(self.part_digests)).digest()


def loss_of(ended: Iterable[EndedAct], held: frozenset[bytes]) -> Loss | None:
    """Return what is lost and not taken back; None if nothing is.

    A taking back that was interrupted goes on under the digest that was accepted: what it has taken back belongs to the
    loss still.
    """
    ended = tuple(ended)
    taken_back = {one.act_id: one.lost_digest for one in ended if one.lost_digest}
    lost = [one for one in ended if not one.lost_digest and one.act_id not in held]
    still = [one for one in lost if one.act_id not in taken_back]
    if not still:
        return None
    for digest in set(taken_back.values()):
        begun = Loss.of([*still, *(one for one in lost if taken_back.get(one.act_id) == digest)])
        if begun.digest == digest:
            return begun
    return Loss.of(still)
