"""A protection practitioner hides a child at once, until an officer decides."""

from dataclasses import dataclass
from datetime import date

from services.runtime.clock import Clock
from services.shielding.domain import Ground, imposed
from services.shielding.ports import Asked, Child, Receipt
from services.shielding.use_cases.take_step import TakeStep


@dataclass(frozen=True, kw_only=True)
class ImposeInterimShield:
    """Opens a case and closes the record in the same call."""

    take_step: TakeStep
    clock: Clock
    holidays: frozenset[date]

    def __call__(self, asked: Asked, *, handle: bytes, ground: Ground) -> Receipt:
        """Return the act's receipt; the case has the act's name. Raises NotFound for a handle of no child."""
        step = imposed(asked.name, ground, asked.by, self.clock.now(), self.holidays)
        return self.take_step(asked, step, Child(handle=handle))
