"""What the operator's command in a restored identity needs from outside, and what each promises."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.identity.domain.acts import Receipt
from services.identity.domain.losses import LoggedChange, Loss, LostStanding
from services.identity.domain.standing import Party, Standing


@dataclass(frozen=True, slots=True)
class LoggedPage:
    """What some entries of the log say of standings."""

    changes: tuple[LoggedChange, ...]
    next_index: int
    size: int


@dataclass(frozen=True, slots=True)
class Returned:
    """A party, and what it gets."""

    lost: LostStanding
    content: bytes
    """The standing as it will be stored; empty: none."""
    digest: bytes
    """Empty: none."""


class LoggedStandings(Protocol):
    """What the ledger knows of standings: for an identity that was restored."""

    def after(self, from_index: int) -> LoggedPage:
        """Return what the next entries from an index on say. Raises LedgerBehind, DependencyUnavailable."""
        ...

    def reissue(self, part: Sequence[LostStanding], loss: Loss, returned: Sequence[Returned]) -> Receipt | None:
        """Give some parties of one part of a loss other standings; None if they had been given before.

        Raises LossNotAccepted, BeingChanged, DependencyUnavailable.
        """
        ...


class HeldStandings(Protocol):
    """Which standings this database holds."""

    def digests(self, parties: Collection[Party]) -> Mapping[Party, bytes]:
        """Return the digests of those of these parties that have a standing here."""
        ...

    def standing(self, party: Party, digest: bytes) -> Standing:
        """Return a party's standing. Raises BeingChanged if it is not, or no longer, the one of this digest."""
        ...

    def put_back(self, returned: Returned, receipt: Receipt | None) -> None:
        """Write what a party has got in place of what is held; sessions, secrets and links of before are worth nothing.

        Raises BeingChanged if what is held is not what the standing was made of.
        """
        ...
