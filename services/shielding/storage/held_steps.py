"""The steps that a restored database holds, and the cases that are made anew of what the log knows."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from services.runtime.database import transaction
from services.shielding.losses import LoggedStep, RecoveredCase
from services.shielding.ports import Receipt
from services.shielding.restore_ports import PutOnList
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import INDEX_BYTES, row_of
from services.shielding.storage.newest_receipt import keep_newest
from services.shielding.storage.tables import recovered_case, settled_act, shield_case

_NO_REQUEST = bytes(32)
"""In place of a request's digest: no request has it, so nobody's retry is taken for this."""


class SqlHeldSteps:
    """Keeps the promises of the port `HeldSteps`."""

    def __init__(self, engine: Engine, sealing: Sealing) -> None:
        self._engine = engine
        self._sealing = sealing

    def indexes(self) -> frozenset[int]:
        query = sa.select(settled_act.c.act_name, settled_act.c.sealed_receipt).where(~settled_act.c.is_reading)
        with transaction(self._engine) as connection:
            rows = connection.execute(query).all()
        return frozenset(self._index(row.act_name, bytes(row.sealed_receipt)) for row in rows)

    def put_on_list(
        self, cases: Sequence[RecoveredCase], steps: Sequence[tuple[LoggedStep, Receipt]], newest: Receipt
    ) -> PutOnList:
        with transaction(self._engine) as connection:
            held = self._numbers(connection)
            made = [one for one in cases if one.number not in held]
            for one in made:
                number = self._sealing.seal("number", one.case.case_id.bytes, str(one.number).encode())
                row = {**row_of(one.case), "sealed_number": number}
                connection.execute(insert(shield_case).values(**row).on_conflict_do_nothing())
                connection.execute(insert(recovered_case).values(case_id=one.case.case_id).on_conflict_do_nothing())
            for step, receipt in steps:
                self._hold(connection, step, receipt)
            keep_newest(connection, newest.index)
        return PutOnList(made=len(made), held=len(cases) - len(made))

    def _numbers(self, connection: Connection) -> frozenset[int]:
        rows = connection.execute(sa.select(shield_case.c.case_id, shield_case.c.sealed_number)).all()
        return frozenset(int(self._sealing.open("number", row.case_id.bytes, bytes(row.sealed_number))) for row in rows)

    def _hold(self, connection: Connection, step: LoggedStep, receipt: Receipt) -> None:
        name = uuid.UUID(bytes=step.act_id[:16], version=4)
        sealed = self._sealing.seal("receipt", name.bytes, receipt.index.to_bytes(INDEX_BYTES) + receipt.leaf)
        row = {"act_name": name, "digest": _NO_REQUEST, "sealed_receipt": sealed, "is_reading": False}
        connection.execute(insert(settled_act).values(**row).on_conflict_do_nothing())

    def _index(self, name: uuid.UUID, sealed: bytes) -> int:
        return int.from_bytes(self._sealing.open("receipt", name.bytes, sealed)[:INDEX_BYTES])
