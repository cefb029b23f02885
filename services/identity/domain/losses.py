"""Changes of standing that the ledger knows to have happened and a restored database does not hold."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.identity.domain.standing import Party

NO_STANDING = bytes(32)
"""In the log, in place of a digest: the party has no standing any more."""
MOST_IN_A_PART = 4000
SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """What one entry of the log says of a party's standing."""

    party: Party
    act_id: bytes
    index: int
    change: str
    digest: bytes
    replaced_digest: bytes = b""
    """Empty: there was none before, or nobody wrote down which."""
    held_digest: bytes = b""
    """Of a standing given anew: what the restored copy held."""
    lost_digest: bytes = b""
    """Of a standing given anew: the loss that two custodians accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostStanding:
    """One party whose newest standing is not held."""

    party: Party
    held_digest: bytes
    """Of what is held; empty: nothing is."""
    changes: tuple[LoggedChange, ...]
    """Lost, the newest first."""
    given_digest: bytes = b""
    """The ledger has given it this one already: a mending was stopped before it was written here."""
    accepted_as: bytes = b""
    """The loss of which it was part then."""
    is_held_here: bool = False
    """It was mended whole, and is lost no more; it still belongs to the loss that was accepted."""

    @property
    def can_come_back(self) -> bool:
        """Whether anybody knows that what is held once stood; where nothing is held there is nothing to know."""
        if not self.held_digest:
            # Without its own standing there is no service that could begin once more.
            return self.party.kind != SERVICE
        return self.changes[-1].replaced_digest == self.held_digest


@dataclass(frozen=True, slots=True)
class Loss:
    """Lost changes, those of one party together; known to custodians by a digest and by how many they are."""

    standings: tuple[LostStanding, ...]

    @classmethod
    def of(cls, standings: Iterable[LostStanding]) -> Loss:
        """Return the loss of these, whatever their order."""
        return cls(tuple(sorted(standings, key=lambda one: one.changes[-1].index, reverse=True)))

    @property
    def changes(self) -> tuple[LoggedChange, ...]:
        """All the changes, as the parts have them."""
        return tuple(change for one in self.standings for change in one.changes)

    @property
    def parts(self) -> Sequence[tuple[LostStanding, ...]]:
        """The standings in parts that one call holds, with all their changes."""
        parts: list[tuple[LostStanding, ...]] = []
        size = MOST_IN_A_PART
        for one in self.standings:
            size += len(one.changes)
            if size > MOST_IN_A_PART:
                parts.append(())
                size = len(one.changes)
            parts[-1] += (one,)
        return parts

    @property
    def part_digests(self) -> tuple[bytes, ...]:
        """SHA-256 of each part: of the names of its acts, one after another."""
        return tuple(_digest(change.act_id for one in part for change in one.changes) for part in self.parts)

    @property
    def digest(self) -> bytes:
        """What two custodians accept: SHA-256 of the parts' digests, as the ledger computes it."""
        return _digest(self.part_digests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What a restored database lacks."""

    loss: Loss | None
    """What two custodians are asked to accept; None if nothing is left to mend."""
    closed: tuple[LostStanding, ...]
    """Parties of whom nobody knows that what is held ever stood: they stay out."""
    mended: int
    """Parties that were mended before."""


def losses_of(logged: Iterable[LoggedChange], held: Mapping[Party, bytes]) -> Losses:
    """Return what is lost, given all changes behind a moment in the log's order, and the digests of what is held."""
    chains: defaultdict[Party, list[LoggedChange]] = defaultdict(list)
    for change in logged:
        chains[change.party].append(change)
    found = [_of_party(party, chain, held.get(party, b"")) for party, chain in chains.items()]
    lost = [one for one in found if one is not None]
    closed = tuple(one for one in lost if not one.can_come_back and not one.accepted_as)
    mended = [one for one in lost if one.is_held_here]
    still = [one for one in lost if not one.accepted_as and one.can_come_back]
    given = [one for one in lost if one.accepted_as and not one.is_held_here]
    if not still and not given:
        return Losses(loss=None, closed=closed, mended=len(mended))
    # What was accepted is known by its name until the last of it is mended.
    for accepted_as, begun in groupby(sorted([*mended, *given], key=_accepted_as), key=_accepted_as):
        whole = Loss.of([*still, *begun])
        if whole.digest == accepted_as and not all(one.is_held_here for one in whole.standings):
            return Losses(loss=whole, closed=closed, mended=len(mended))
    return Losses(loss=Loss.of([*still, *given]), closed=closed, mended=len(mended))


def _accepted_as(one: LostStanding) -> bytes:
    return one.accepted_as


def _of_party(party: Party, chain: Sequence[LoggedChange], held: bytes) -> LostStanding | None:
    """Return what of a party is lost, or was; None if its newest standing is held."""
    newest = chain[-1]
    if newest.lost_digest:
        is_held_here = (held or NO_STANDING) == newest.digest
        since = _since(chain[:-1], newest.held_digest)
        # A check that begins behind what was lost does not see of which loss it was, nor what to make anew.
        if since and (is_held_here or held == newest.held_digest):
            return LostStanding(
                party=party,
                held_digest=newest.held_digest,
                changes=since,
                given_digest=newest.digest,
                accepted_as=newest.lost_digest,
                is_held_here=is_held_here,
            )
    since = _since(chain, held)
    return LostStanding(party=party, held_digest=held, changes=since) if since else None


def _since(chain: Sequence[LoggedChange], held: bytes) -> tuple[LoggedChange, ...]:
    """Return a party's changes after the one that made what is held, the newest first."""
    stands = held or NO_STANDING
    after = next((at for at in range(len(chain), 0, -1) if chain[at - 1].digest == stands), 0)
    return tuple(reversed(chain[after:]))


def _digest(parts: Iterable[bytes]) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()
