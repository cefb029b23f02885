"""A shield officer approves a case: a first one hides, a second one makes it lasting."""

import uuid
from dataclasses import dataclass
from datetime import date

from services.runtime.clock import Clock
from services.runtime.errors import NotFound
from services.shielding.domain import Officer, approved
from services.shielding.ports import Act, Cases, Child, Receipt
from services.shielding.use_cases.take_step import TakeStep


@dataclass(frozen=True, kw_only=True)
class ApproveShield:
    """Takes a case of the officer's own authority one step further."""

    cases: Cases
    take_step: TakeStep
    clock: Clock
    holidays: frozenset[date]

    def __call__(self, by: Officer, token: str, *, case_id: uuid.UUID, idempotency_key: uuid.UUID) -> Receipt:
        """Return the receipt; raises NotFound for a case of another authority as for none, and SecondOfficerNeeded."""
        found = self.cases.find(case_id)
        if found is None or found[0].authority != by.authority:
            raise NotFound
        case, number = found
        step = approved(case, by, self.clock.now(), self.holidays)
        act = Act(
            idempotency_key=idempotency_key, child=Child(number=number), closes=step.closes, is_interim=step.is_interim
        )
        return self.take_step(step, act, token)
