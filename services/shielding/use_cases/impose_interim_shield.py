"""A protection practitioner hides a child at once, until an officer decides."""

import uuid
from dataclasses import dataclass
from datetime import date

from services.runtime.clock import Clock
from services.shielding.domain import Ground, Officer, imposed
from services.shielding.ports import Act, Child, Receipt
from services.shielding.use_cases.take_step import TakeStep


@dataclass(frozen=True, kw_only=True)
class ImposeInterimShield:
    """Opens a case and closes the record in the same call."""

    take_step: TakeStep
    clock: Clock
    holidays: frozenset[date]

    def __call__(
        self, by: Officer, token: str, *, case_id: uuid.UUID, idempotency_key: uuid.UUID, handle: bytes, ground: Ground
    ) -> Receipt:
        step = imposed(case_id, ground, by, self.clock.now(), self.holidays)
        act = Act(
            idempotency_key=idempotency_key, child=Child(handle=handle), closes=step.closes, is_interim=step.is_interim
        )
        return self.take_step(step, act, token)
