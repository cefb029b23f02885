"""After a gap identity says which standings it holds: what the lost entries took away stays taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.audit.ledger.domain.entry import REENTERED_AFTER_GAP, Draft, GapReentered, Outcome, StandingChanged
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.effects.change_standing import party_subjects
from services.audit.ledger.errors import NoGapOpen, OlderThanGap
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork

IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class HeldStanding:
    """A party's standing, as identity holds it."""

    party_kind: str
    party_id: str
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class ReenterStandings:
    """Enters standings again."""

    writer: Writer

    def __call__(self, held: Sequence[HeldStanding], *, newest: int, is_complete: bool, correlation: str = "") -> int:
        """Return how many differed, once it is durable that they are the newest.

        Raises NoGapOpen; OlderThanGap where one differs and identity holds no receipt of a lost entry: then its copy is
        the older of the two, and would undo what the log knows.
        """

        def decide(batch: Batch) -> Decision[int]:
            gap = batch.registers.gaps.open
            if gap is None:
                raise NoGapOpen
            standings = batch.registers.standings
            differing = {(one.party_kind, one.party_id): one for one in held}
            changed = [one for key, one in differing.items() if standings.get(key) != one.digest]
            if changed and newest < gap.gap.first:
                raise OlderThanGap
            drafts = [_draft(one, standings.get((one.party_kind, one.party_id), b""), correlation) for one in changed]
            if changed or is_complete:
                drafts.append(
                    Draft(
                        act="gap.standings_reentered",
                        outcome=Outcome.ALLOWED,
                        rule="ENTERED",
                        correlation=correlation,
                        effect=GapReentered(IDENTITY, len(changed), newest, is_complete),
                    )
                )
            return Decision(entries=tuple(drafts), answer=lambda _: len(changed))

        return self.writer.write(ProcessWork(decide, goes_on_in_a_gap=True))


def _draft(held: HeldStanding, replaced: bytes, correlation: str) -> Draft:
    return Draft(
        act="gap.standing_reentered",
        outcome=Outcome.ALLOWED,
        rule="ENTERED",
        about=party_subjects(held.party_kind, held.party_id),
        correlation=correlation,
        effect=StandingChanged(
            held.party_kind,
            held.party_id,
            held.digest,
            REENTERED_AFTER_GAP,
            ends_sessions=True,
            replaced_digest=replaced,
        ),
    )
