"""A restored directory is held against the log: it may lack acts that ended done."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.losses import EndedAct, Loss, loss_of
from services.directory.restore_ports import EndedActs, HeldActs


@dataclass(frozen=True, kw_only=True)
class StoreCheck:
    """What was compared, and what is lost."""

    from_index: int
    size: int
    """How many entries the log has."""
    acts: int
    taken_back: int
    """Acts that were lost before and have been taken back."""
    loss: Loss | None


@dataclass(frozen=True, kw_only=True)
class CheckStore:
    """Compares this database's table of acts, from which nothing is ever deleted, with the entries since a copy."""

    ended: EndedActs
    held: HeldActs

    def __call__(self, from_index: int) -> StoreCheck:
        """Return what is lost of the acts that entries from an index on say to have ended done."""
        said: list[EndedAct] = []
        at, size = from_index, from_index + 1
        while at < size:
            page = self.ended.after(at)
            said += page.acts
            if page.next_index <= at:
                break
            at, size = page.next_index, page.size
        done = {one.act_id for one in said if not one.lost_digest}
        return StoreCheck(
            from_index=from_index,
            size=at,
            acts=len(done),
            taken_back=sum(bool(one.lost_digest) for one in said),
            loss=loss_of(said, self.held.done_among(done)),
        )
