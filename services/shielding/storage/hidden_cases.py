"""Every child that shielding holds as hidden, for the day on which the ledger has lost entries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.runtime.database import transaction
from services.shielding.domain import ShieldState
from services.shielding.ports import Child, Hidden
from services.shielding.sealing import Sealing
from services.shielding.storage.pending_format import from_bytes
from services.shielding.storage.tables import pending_step, shield_case

_NOT_HIDDEN = ShieldState.REQUESTED.value


class SqlHiddenCases:
    """Keeps the promises of the port `HiddenCases`."""

    def __init__(self, engine: Engine, sealing: Sealing) -> None:
        self._engine = engine
        self._sealing = sealing

    def hidden(self, after: uuid.UUID | None, limit: int) -> Sequence[Hidden]:
        """Return the next hidden children after a case; see the port."""
        columns = shield_case.c
        who = (columns.opened_by, columns.first_officer, columns.second_officer)
        cases = sa.select(columns.case_id, *who, columns.sealed_number).where(columns.state != _NOT_HIDDEN)
        steps = sa.select(pending_step.c.case_id, pending_step.c.sealed)
        if after is not None:
            cases, steps = cases.where(columns.case_id > after), steps.where(pending_step.c.case_id > after)
        with transaction(self._engine) as connection:
            held = connection.execute(cases.order_by(columns.case_id).limit(limit)).all()
            # All of them: they are few, and how many of the next ones hide nobody cannot be asked of what is sealed.
            begun = connection.execute(steps).all()
        found = [self._case(row) for row in held]
        found += [one for row in begun if (one := self._step(row)) is not None]
        cases_of_page = set(sorted({one.case_id for one in found})[:limit])
        return sorted((one for one in found if one.case_id in cases_of_page), key=lambda one: one.case_id)

    def _case(self, row: Any) -> Hidden:
        number = int(self._sealing.open("number", row.case_id.bytes, bytes(row.sealed_number)))
        # Who asked hides nothing; who imposed it is its first closer.
        first = row.first_officer or row.opened_by
        persons = (first, row.second_officer) if row.second_officer else (first,)
        return Hidden(row.case_id, Child(number=number), persons)

    def _step(self, row: Any) -> Hidden | None:
        pending = from_bytes(self._sealing.open("act", row.case_id.bytes, bytes(row.sealed)))
        case = pending.step.case
        # Whether it was entered nobody knows: it hides, and does not make two of one.
        persons = (case.first_officer or case.opened_by,)
        return Hidden(row.case_id, pending.act.child, persons) if pending.step.closes else None
