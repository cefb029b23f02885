"""Cases and pending steps in PostgreSQL."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from services.runtime.database import transaction
from services.runtime.errors import BeingChanged
from services.shielding.domain import Case, Ground, ShieldState, Step
from services.shielding.ports import Act, Child, Pending
from services.shielding.sealing import Sealing
from services.shielding.storage.tables import pending_step, shield_case

_CASE_COLUMNS = [column for column in shield_case.c if column.name != "sealed_number"]


class SqlCases:
    """Keeps the promises of the port `Cases`."""

    def __init__(self, engine: Engine, sealing: Sealing) -> None:
        self._engine = engine
        self._sealing = sealing

    def begin(self, pending: Pending) -> None:
        case_id = pending.step.case.case_id
        sealed = self._sealing.seal("act", case_id.bytes, json.dumps(_pending_to_json(pending)).encode())
        row = {"case_id": case_id, "idempotency_key": pending.act.idempotency_key, "sealed": sealed}
        with transaction(self._engine) as connection:
            # A retry brings a newer token, so it replaces its own row, and only its own.
            statement = insert(pending_step).values(row)
            kept = connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["case_id"],
                    set_={"sealed": statement.excluded.sealed},
                    where=pending_step.c.idempotency_key == pending.act.idempotency_key,
                )
            )
            if kept.rowcount == 0:
                raise BeingChanged

    def settle(self, step: Step, act: Act, number: int) -> None:
        case = step.case
        with transaction(self._engine) as connection:
            if not _taken(connection, case.case_id, act.idempotency_key):
                return
            sealed_number = self._sealing.seal("number", case.case_id.bytes, str(number).encode())
            row = {**_case_to_row(case), "sealed_number": sealed_number}
            statement = insert(shield_case).values(row)
            changed = {
                name: statement.excluded[name] for name in ("state", "first_officer", "second_officer", "due_at")
            }
            connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=changed))

    def drop(self, pending: Pending) -> None:
        with transaction(self._engine) as connection:
            _taken(connection, pending.step.case.case_id, pending.act.idempotency_key)

    def find(self, case_id: uuid.UUID) -> tuple[Case, int] | None:
        with transaction(self._engine) as connection:
            row = connection.execute(sa.select(shield_case).where(shield_case.c.case_id == case_id)).mappings().first()
        if row is None:
            return None
        return _case_of(row), int(self._sealing.open("number", case_id.bytes, row["sealed_number"]))

    def waiting(self, authority: str, after: tuple[str, uuid.UUID] | None, limit: int) -> Sequence[Case]:
        query = (
            sa.select(*_CASE_COLUMNS)
            .where(shield_case.c.authority == authority, shield_case.c.state != ShieldState.ACTIVE.value)
            .order_by(shield_case.c.opened_at, shield_case.c.case_id)
            .limit(limit)
        )
        if after is not None:
            position = sa.tuple_(sa.literal(datetime.fromisoformat(after[0])), sa.literal(after[1]))
            query = query.where(sa.tuple_(shield_case.c.opened_at, shield_case.c.case_id) > position)
        with transaction(self._engine) as connection:
            return [_case_of(row) for row in connection.execute(query).mappings()]

    def left_behind(self, seconds: float) -> Sequence[Pending]:
        begun_before = sa.func.clock_timestamp() - sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        query = sa.select(pending_step).where(pending_step.c.begun_at < begun_before).order_by(pending_step.c.begun_at)
        with transaction(self._engine) as connection:
            rows = connection.execute(query.limit(100)).mappings().all()
        return [_pending_of(json.loads(self._sealing.open("act", row["case_id"].bytes, row["sealed"]))) for row in rows]


def _taken(connection: Connection, case_id: uuid.UUID, idempotency_key: uuid.UUID) -> bool:
    """Take the pending row of an act away; say whether it was there."""
    gone = connection.execute(
        sa.delete(pending_step).where(
            pending_step.c.case_id == case_id, pending_step.c.idempotency_key == idempotency_key
        )
    )
    return gone.rowcount == 1


def _case_to_row(case: Case) -> dict[str, Any]:
    return {
        "case_id": case.case_id,
        "state": case.state.value,
        "ground": case.ground.value,
        "authority": case.authority,
        "opened_at": case.opened_at,
        "opened_by": case.opened_by,
        "first_officer": case.first_officer,
        "second_officer": case.second_officer,
        "due_at": case.due_at,
    }


def _case_of(row: Mapping[str, Any] | sa.RowMapping) -> Case:
    values = {column.name: row[column.name] for column in _CASE_COLUMNS}
    return Case(**{**values, "state": ShieldState(values["state"]), "ground": Ground(values["ground"])})


def _pending_to_json(pending: Pending) -> dict[str, Any]:
    case = {name: _plain(value) for name, value in _case_to_row(pending.step.case).items()}
    return {
        "case": case,
        "closes": pending.step.closes,
        "is_interim": pending.step.is_interim,
        "idempotency_key": str(pending.act.idempotency_key),
        "handle": base64.b64encode(pending.act.child.handle).decode(),
        "number": pending.act.child.number,
        "token": pending.token,
    }


def _pending_of(value: Mapping[str, Any]) -> Pending:
    row = dict(value["case"])
    for name in ("case_id", "opened_by", "first_officer", "second_officer"):
        row[name] = uuid.UUID(row[name]) if row[name] else None
    for name in ("opened_at", "due_at"):
        row[name] = datetime.fromisoformat(row[name])
    closes, is_interim = value["closes"], value["is_interim"]
    child = Child(handle=base64.b64decode(value["handle"]), number=value["number"])
    act = Act(idempotency_key=uuid.UUID(value["idempotency_key"]), child=child, closes=closes, is_interim=is_interim)
    return Pending(step=Step(case=_case_of(row), closes=closes, is_interim=is_interim), act=act, token=value["token"])


def _plain(value: object) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)
