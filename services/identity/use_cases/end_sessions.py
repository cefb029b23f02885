"""A person ends named sessions of their own, or all."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity.domain.acts import EndOfSessions, Outcome
from services.identity.domain.standing import Party
from services.identity.ports import Sessions
from services.identity.use_cases.change_person import acting
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller
from services.runtime.errors import InvalidRequest, NotFound


@dataclass(frozen=True, kw_only=True)
class EndSessions:
    """Only one's own: another's session is not found."""

    sessions: Sessions
    three_steps: ThreeSteps

    def __call__(self, caller: Caller, key: str, *, tags: tuple[str, ...], is_all: bool) -> Outcome:
        """Return how the act ended; raises NotFound unless every tag is a live session of the caller's."""
        person = acting(caller).sub or ""
        if bool(tags) == is_all:
            raise InvalidRequest([("session_tags", "TAGS_OR_ALL")])

        def plan() -> Plan:
            own = {session.tag for session in self.sessions.live_of(person)}
            if not own.issuperset(tags):
                raise NotFound
            return Plan(
                subject=Party("sessions", person), effect=EndOfSessions(person=person, tags=tags, is_all=is_all)
            )

        return self.three_steps(caller, key, plan)
