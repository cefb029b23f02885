"""Cases, pending steps and settled acts in PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from services.runtime.database import transaction
from services.runtime.errors import BeingChanged, KeyReused
from services.shielding.domain import Case, Ground, ShieldState, Step
from services.shielding.ports import Asked, Begun, Entered, Pending, Receipt, Waiting
from services.shielding.sealing import Sealing
from services.shielding.storage.newest_receipt import keep_newest
from services.shielding.storage.pending_format import from_bytes, to_bytes, written_ground
from services.shielding.storage.tables import pending_step, recovered_case, settled_act, shield_case

_CASE_COLUMNS = [
    *(column for column in shield_case.c if column.name != "sealed_number"),
    sa.exists().where(recovered_case.c.case_id == shield_case.c.case_id).label("is_recovered"),
]
_CHANGING = ("state", "first_officer", "second_officer", "due_at")
_MOST_AT_ONCE = 100
INDEX_BYTES = 8


class SqlCases:
    """Keeps the promises of the port `Cases`."""

    def __init__(self, engine: Engine, sealing: Sealing) -> None:
        self._engine = engine
        self._sealing = sealing

    def done(self, asked: Asked) -> Receipt | None:
        query = sa.select(settled_act.c.digest, settled_act.c.sealed_receipt)
        with transaction(self._engine) as connection:
            row = connection.execute(query.where(settled_act.c.act_name == asked.name)).first()
        if row is None:
            return None
        if bytes(row.digest) != asked.digest:
            raise KeyReused
        opened = self._sealing.open("receipt", asked.name.bytes, bytes(row.sealed_receipt))
        return Receipt(int.from_bytes(opened[:INDEX_BYTES]), opened[INDEX_BYTES:])

    def begin(self, pending: Pending) -> Begun:
        case_id = pending.step.case.case_id
        with transaction(self._engine) as connection:
            new = insert(pending_step).values(case_id=case_id, act_name=pending.name, sealed=self._sealed(pending))
            # Waits for whoever is beginning or settling a step of this case at this moment.
            made = connection.execute(new.on_conflict_do_nothing().returning(pending_step.c.case_id)).first()
            if made is None:
                return Begun(self._begun_before(connection, pending), is_repeated=True)
            if not _is_as_found(connection, pending.step):
                raise BeingChanged
            return Begun(pending, is_repeated=False)

    def settle(self, pending: Pending, entered: Entered) -> None:
        case = pending.step.case
        with transaction(self._engine) as connection:
            if not _taken_away(connection, pending):
                return
            if pending.step.before is None:
                number = self._sealing.seal("number", case.case_id.bytes, str(entered.number).encode())
                connection.execute(sa.insert(shield_case).values(**row_of(case), sealed_number=number))
            else:
                row = row_of(case)
                changed = {name: row[name] for name in _CHANGING}
                connection.execute(sa.update(shield_case).where(shield_case.c.case_id == case.case_id).values(changed))
            self._keep_done(connection, pending.name, pending.digest, entered.receipt, is_reading=False)

    def drop(self, pending: Pending) -> None:
        with transaction(self._engine) as connection:
            _taken_away(connection, pending)

    def keep_reading(self, asked: Asked, receipt: Receipt) -> None:
        with transaction(self._engine) as connection:
            self._keep_done(connection, asked.name, asked.digest, receipt, is_reading=True)

    def find(self, case_id: uuid.UUID) -> tuple[Case, int] | None:
        with transaction(self._engine) as connection:
            query = sa.select(*_CASE_COLUMNS, shield_case.c.sealed_number).where(shield_case.c.case_id == case_id)
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return _case_of(row), int(self._sealing.open("number", case_id.bytes, row["sealed_number"]))

    def waiting(self, authority: str, now: datetime, after: tuple[str, uuid.UUID] | None, limit: int) -> Sequence[Case]:
        query = (
            sa.select(*_CASE_COLUMNS)
            .where(shield_case.c.authority == authority, _waits(now))
            .order_by(shield_case.c.opened_at, shield_case.c.case_id)
            .limit(limit)
        )
        if after is not None:
            position = sa.tuple_(sa.literal(datetime.fromisoformat(after[0])), sa.literal(after[1]))
            query = query.where(sa.tuple_(shield_case.c.opened_at, shield_case.c.case_id) > position)
        with transaction(self._engine) as connection:
            return [_case_of(row) for row in connection.execute(query).mappings()]

    def count_waiting(self, authority: str, now: datetime) -> Waiting:
        query = sa.select(
            sa.func.count().label("cases"),
            sa.func.count().filter(shield_case.c.due_at <= now).label("overdue"),
            sa.func.min(shield_case.c.opened_at).label("oldest_opened_at"),
            sa.func.min(shield_case.c.due_at).filter(shield_case.c.due_at > now).label("next_due_at"),
        ).where(shield_case.c.authority == authority, _waits(now))
        with transaction(self._engine) as connection:
            return Waiting(**connection.execute(query).mappings().one())

    def left_behind(self, seconds: float) -> Sequence[Pending]:
        tried_before = sa.func.clock_timestamp() - sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        query = sa.select(pending_step.c.case_id, pending_step.c.sealed).where(pending_step.c.tried_at < tried_before)
        with transaction(self._engine) as connection:
            rows = connection.execute(query.order_by(pending_step.c.tried_at).limit(_MOST_AT_ONCE)).all()
        return [self._opened(row.case_id, row.sealed) for row in rows]

    def forget_old_readings(self) -> None:
        a_day_ago = sa.func.clock_timestamp() - sa.text("interval '24 hours'")
        with transaction(self._engine) as connection:
            connection.execute(
                sa.delete(settled_act).where(settled_act.c.is_reading, settled_act.c.settled_at < a_day_ago)
            )

    def _begun_before(self, connection: Connection, pending: Pending) -> Pending:
        """Return the step that stands in the way, tried once more now; raises BeingChanged if it is another act's."""
        case_id = pending.step.case.case_id
        row = connection.execute(
            sa.update(pending_step)
            .where(pending_step.c.case_id == case_id, pending_step.c.act_name == pending.name)
            .values(tried_at=sa.func.clock_timestamp())
            .returning(pending_step.c.sealed)
        ).first()
        if row is None:
            raise BeingChanged
        begun = self._opened(case_id, row.sealed)
        if begun.digest != pending.digest:
            raise KeyReused
        return begun

    def _keep_done(
        self, connection: Connection, name: uuid.UUID, digest: bytes, receipt: Receipt, *, is_reading: bool
    ) -> None:
        sealed = self._sealing.seal("receipt", name.bytes, receipt.index.to_bytes(INDEX_BYTES) + receipt.leaf)
        new = insert(settled_act).values(act_name=name, digest=digest, sealed_receipt=sealed, is_reading=is_reading)
        connection.execute(new.on_conflict_do_nothing())
        keep_newest(connection, receipt.index)

    def _sealed(self, pending: Pending) -> bytes:
        return self._sealing.seal("act", pending.step.case.case_id.bytes, to_bytes(pending))

    def _opened(self, case_id: uuid.UUID, sealed: bytes) -> Pending:
        return from_bytes(self._sealing.open("act", case_id.bytes, bytes(sealed)))


def _waits(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(shield_case.c.state != ShieldState.ACTIVE.value, shield_case.c.due_at <= now)


def _is_as_found(connection: Connection, step: Step) -> bool:
    """Whether the case is still as the step found it: read after the pending row is ours, so nobody changes it now."""
    query = sa.select(shield_case.c.state, shield_case.c.first_officer, shield_case.c.second_officer)
    row = connection.execute(query.where(shield_case.c.case_id == step.case.case_id)).first()
    if step.before is None or row is None:
        return step.before is None and row is None
    before = step.before
    return tuple(row) == (before.state.value, before.first_officer, before.second_officer)


def _taken_away(connection: Connection, pending: Pending) -> bool:
    """Take the pending row of an act away; say whether it was there."""
    gone = connection.execute(
        sa.delete(pending_step).where(
            pending_step.c.case_id == pending.step.case.case_id, pending_step.c.act_name == pending.name
        )
    )
    return gone.rowcount == 1


def row_of(case: Case) -> dict[str, Any]:
    """Return a case as its row has it, without the child's number."""
    return {
        "case_id": case.case_id,
        "state": case.state.value,
        "ground": written_ground(case.ground),
        "authority": case.authority,
        "opened_at": case.opened_at,
        "opened_by": case.opened_by,
        "first_officer": case.first_officer,
        "second_officer": case.second_officer,
        "due_at": case.due_at,
    }


def _case_of(row: sa.RowMapping) -> Case:
    values = {column.name: row[column.name] for column in _CASE_COLUMNS}
    ground = Ground.LOST if values.pop("is_recovered") else Ground(values["ground"])
    return Case(**{**values, "state": ShieldState(values["state"]), "ground": ground})
