"""An administrator records a dated fact on which a person's access rests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.identity.domain.acts import Outcome
from services.identity.domain.standing import Conditions, PersonStanding
from services.identity.use_cases.change_person import ChangePerson
from services.runtime.caller import Caller
from services.runtime.errors import InvalidRequest

LONGEST = timedelta(days=5 * 366)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Exactly one of the facts."""

    checked_at: datetime | None = None
    is_barred_list_clear: bool | None = None
    training_valid_until: datetime | None = None
    sponsored_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RecordCondition:
    """A fact that puts the person outside ends the sessions with the same entry."""

    change_person: ChangePerson

    def __call__(self, caller: Caller, key: str, *, person: str, fact: Fact) -> Outcome:
        """Return how the act ended; raises InvalidRequest for a check in the future, or an end beyond five years."""
        now = self.change_person.clock.now()
        change, recorded = _recorded(fact, now)
        return self.change_person(
            caller,
            key,
            person,
            change,
            lambda standing: _with(standing, recorded),
        )


def _recorded(fact: Fact, now: datetime) -> tuple[str, dict[str, datetime | bool]]:
    if fact.checked_at is not None:
        if fact.checked_at > now:
            raise InvalidRequest([("checked_at", "IN_THE_FUTURE")])
        return "CHECK_RECORDED", {"checked_at": fact.checked_at}
    if fact.is_barred_list_clear is not None:
        return "BARRED_LIST_RECORDED", {"is_barred_list_clear": fact.is_barred_list_clear}
    if fact.training_valid_until is not None:
        return "TRAINING_RECORDED", {
            "training_valid_until": _end(fact.training_valid_until, "training_valid_until", now)
        }
    if fact.sponsored_until is not None:
        return "SPONSORSHIP_RECORDED", {"sponsored_until": _end(fact.sponsored_until, "sponsored_until", now)}
    raise InvalidRequest([("condition", "REQUIRED")])


def _end(end: datetime, field: str, now: datetime) -> datetime:
    # An end that is past is a way to take the condition away.
    if end > now + LONGEST:
        raise InvalidRequest([(field, "OUT_OF_RANGE")])
    return end


def _with(standing: PersonStanding, recorded: dict[str, datetime | bool]) -> PersonStanding:
    conditions: Conditions = replace(standing.conditions, **recorded)  # type: ignore[arg-type]  # names and types by _recorded
    return replace(standing, conditions=conditions)
