"""A restored identity is held against the log: parties whose standing changed since are refused, and are counted."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity.domain.losses import LoggedChange, Losses, losses_of
from services.identity.restore_ports import HeldStandings, LoggedStandings


@dataclass(frozen=True, kw_only=True)
class StoreCheck:
    """What was compared, and what is lost."""

    from_index: int
    size: int
    """How many entries the log has."""
    changes: int
    parties: int
    losses: Losses


@dataclass(frozen=True, kw_only=True)
class CheckStore:
    """Compares the standings held here with the newest ones of which entries since a copy speak."""

    logged: LoggedStandings
    held: HeldStandings

    def __call__(self, from_index: int) -> StoreCheck:
        """Return what is lost of the changes that entries from an index on tell."""
        said: list[LoggedChange] = []
        at, size = from_index, from_index + 1
        while at < size:
            page = self.logged.after(at)
            said += page.changes
            if page.next_index <= at:
                break
            at, size = page.next_index, page.size
        parties = {one.party for one in said}
        return StoreCheck(
            from_index=from_index,
            size=at,
            changes=len(said),
            parties=len(parties),
            losses=losses_of(said, self.held.digests(parties)),
        )
