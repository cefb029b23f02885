"""One named person stops another at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.identity.domain.acts import Outcome
from services.identity.use_cases.change_person import ChangePerson
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class SuspendPerson:
    """Ends every session with the same entry."""

    change_person: ChangePerson

    def __call__(self, caller: Caller, key: str, *, person: str) -> Outcome:
        """Return how the act ended."""
        return self.change_person(
            caller, key, person, "SUSPENDED", lambda standing: replace(standing, is_suspended=True)
        )
