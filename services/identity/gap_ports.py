"""What identity needs from outside to say again what a ledger has lost, and what each promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from services.identity.domain.standing import Party


class AllStandings(Protocol):
    """Every standing that this database holds."""

    def digests(self, after: Party | None, limit: int) -> Mapping[Party, bytes]:
        """Return the digests of the next so many parties after one, in order of kind and id."""
        ...


class Gap(Protocol):
    """Where it is said, after the ledger lost entries, which standings are the newest."""

    def reenter(self, held: Mapping[Party, bytes], *, newest: int, is_complete: bool) -> int:
        """Return how many differed; `newest` is the newest entry of which identity holds a receipt.

        Raises the ledger's refusal: NO_GAP_OPEN, OLDER_THAN_THE_GAP; LedgerBehind, DependencyUnavailable.
        """
        ...
