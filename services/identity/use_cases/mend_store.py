"""Parties that a restore locked out get standings anew, made of what is held: closed, for an administrator to open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.identity import standing_format
from services.identity.domain.losses import SERVICE, Loss, LostStanding
from services.identity.domain.returning import returning
from services.identity.restore_ports import HeldStandings, LoggedStandings, Returned
from services.runtime.errors import BeingChanged

MOST_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True)
class MendedStore:
    """What became of the parties."""

    returned: int
    """Back, and suspended."""
    voided: int
    """Of whom nothing is held: there is no such party any more."""


@dataclass(frozen=True, kw_only=True)
class MendStore:
    """Gives standings anew: in the ledger first, then here; what a crash has left is gone on with the next time."""

    logged: LoggedStandings
    held: HeldStandings

    def __call__(self, loss: Loss) -> MendedStore:
        """Return what became of them; raises LossNotAccepted unless two custodians have accepted exactly this loss."""
        done: list[Returned] = []
        # The service before all others, and it needs nobody's word: while its newest standing is not known no custodian
        # gets in.
        for is_service in (True, False):
            for part in loss.parts:
                left = [one for one in part if (one.party.kind == SERVICE) == is_service and not one.is_held_here]
                for at in range(0, len(left), MOST_AT_ONCE):
                    done += self._mend(part, loss, left[at : at + MOST_AT_ONCE])
        return MendedStore(returned=sum(bool(one.content) for one in done), voided=sum(not one.content for one in done))

    def _mend(self, part: tuple[LostStanding, ...], loss: Loss, left: Iterable[LostStanding]) -> list[Returned]:
        returned = [self._returned(one) for one in left]
        asked = [one for one in returned if not one.lost.given_digest]
        receipt = self.logged.reissue(part, loss, asked) if asked else None
        for one in returned:
            self.held.put_back(one, receipt)
        return returned

    def _returned(self, lost: LostStanding) -> Returned:
        if not lost.held_digest:
            return Returned(lost, content=b"", digest=b"")
        content = standing_format.write(returning(self.held.standing(lost.party, lost.held_digest), lost.changes))
        digest = standing_format.digest(content)
        if lost.given_digest not in (b"", digest):
            # Another release began this: what it made of the same standing is not what this one makes.
            raise BeingChanged
        return Returned(lost, content=content, digest=digest)
