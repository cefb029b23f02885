"""What the five acts on involvements have in common: they change what the caller's own organisation says of a child."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.directory.domain.statements import Section, Services, Statement
from services.directory.errors import RecordFull
from services.directory.ports import (
    ActState,
    EnteredAct,
    Ledger,
    Outcome,
    OwnInvolvement,
    Receipt,
    Records,
    StatementKey,
    StatementWrite,
)
from services.directory.use_cases.acting_organisation import acting_organisation
from services.directory.use_cases.conclude_act import ConcludeAct
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.errors import NotFound

Change = Callable[[Services, bytes, datetime], Services]
"""From what the organisation says now, the act's id and the time, to what it says from now on; may raise NotFound."""


@dataclass(frozen=True, kw_only=True)
class WrittenServices:
    """What the caller learns: the act's name, a fresh handle, the receipt."""

    act_id: bytes
    handle: bytes
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class ChangeOwnServices:
    """Enters the act, changes the organisation's own statement, settles: the three steps of architecture 2."""

    ledger: Ledger
    records: Records
    conclude: ConcludeAct
    clock: Clock

    def __call__(
        self,
        caller: Caller,
        *,
        idempotency_key: str,
        handle: bytes,
        change: Change,
        own_involvement: OwnInvolvement = OwnInvolvement.AS_BEFORE,
        involvement_id: UUID | None = None,
    ) -> WrittenServices:
        """Return once the change is durable and settled.

        `involvement_id` is the one that is confirmed or ends. A retry returns or raises the same.

        Raises NotFound, RecordFull, BeingChanged, ActGivenUp.
        """
        # 1. The entry is durable, and gives the keys of what stands and of what will.
        entered = self.ledger.enter_statements(
            idempotency_key=idempotency_key,
            handle=handle,
            section=Section.SERVICES,
            source=acting_organisation(caller),
            own_involvement=own_involvement,
            involvement_id=involvement_id,
        )
        # 2. One transaction here. 3. The ledger learns how it ended.
        self.conclude(entered.act_id, entered.state, self._effect(entered, change))
        return WrittenServices(act_id=entered.act_id, handle=entered.handle, receipt=entered.receipt)

    def _effect(self, entered: EnteredAct, change: Change) -> Outcome | None:
        ended = self.records.outcome_of(entered.act_id)
        if ended is not None or entered.state is not ActState.PENDING:
            return ended
        (pending,) = entered.pending_keys
        try:
            now = self.clock.now()
            before = self._stated(entered, pending, now)
            if not isinstance(before.content, Services):
                raise TypeError("the section of services holds services")
            # The statement keeps its dates: an involvement has its own, and school and practice were not confirmed.
            after = replace(before, content=change(before.content, entered.act_id, now))
            write = StatementWrite(number=entered.number, statement=after, pending=pending, heads=entered.head_keys)
            return self.records.replace(entered.act_id, write, entered.receipt)
        except NotFound:
            return self.records.end(entered.act_id, Outcome.NOT_FOUND)
        except RecordFull:
            return self.records.end(entered.act_id, Outcome.RECORD_FULL)

    def _stated(self, entered: EnteredAct, pending: StatementKey, now: datetime) -> Statement:
        # Another try of the same act may have written the pending version by now: then that is what opens.
        keys = (*entered.head_keys, pending)
        if not any(head.version for head in entered.head_keys):
            keys = (*keys, replace(pending, version=0))
        stated = self.records.read(entered.number, keys)
        new = Statement(source=pending.source, supplied_at=now, confirmed_at=now, content=Services())
        return stated[0] if stated else new
