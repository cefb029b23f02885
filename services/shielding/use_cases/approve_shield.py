"""A shield officer approves a case: a first one hides, a second one makes it lasting."""

import uuid
from dataclasses import dataclass
from datetime import date

from services.runtime.clock import Clock
from services.runtime.errors import NotFound
from services.shielding.domain import approved
from services.shielding.ports import Asked, Cases, Child, Receipt
from services.shielding.use_cases.take_step import TakeStep


@dataclass(frozen=True, kw_only=True)
class ApproveShield:
    """Takes a case of the officer's own authority one step further."""

    cases: Cases
    take_step: TakeStep
    clock: Clock
    holidays: frozenset[date]

    def __call__(self, asked: Asked, *, case_id: uuid.UUID) -> Receipt:
        """Return the act's receipt.

        Raises NotFound for a case of another authority as for none, SecondOfficerNeeded, ShieldStands.
        """
        # Before the rules: they would refuse an officer who says again what was done.
        done = self.cases.done(asked)
        if done is not None:
            return done
        found = self.cases.find(case_id)
        if found is None or found[0].authority != asked.by.authority:
            raise NotFound
        case, number = found
        step = approved(case, asked.by, self.clock.now(), self.holidays)
        return self.take_step(asked, step, Child(number=number))
