"""A registered supplier sends a batch of new children, and reads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.directory.domain import supplied
from services.directory.domain.candidates import Entry
from services.directory.domain.supplied import Fault, SuppliedChild
from services.directory.errors import RecordFull
from services.directory.ports import (
    ActState,
    Children,
    EnteredIntake,
    Ledger,
    Outcome,
    ProviderList,
    Providers,
    Receipt,
    Records,
    StatementWrite,
)
from services.directory.use_cases import new_records
from services.directory.use_cases.acting_organisation import acting_organisation
from services.directory.use_cases.conclude_act import ConcludeAct
from services.directory.use_cases.new_records import NewRecords
from services.runtime.caller import Caller
from services.runtime.clock import Clock, london_day
from services.runtime.errors import InvalidRequest, NotPermitted

_MOST_FAULTS = 20


@dataclass(frozen=True, kw_only=True)
class SuppliedRows:
    """How many rows were taken, the same said of each, and the receipt of the batch."""

    taken: int
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class SupplyRows:
    """Takes a batch whole or not at all: one entry, one transaction."""

    ledger: Ledger
    records: Records
    providers: Providers
    children: Children
    conclude: ConcludeAct
    clock: Clock
    is_open: bool
    """Only where children are synthetic, until supplied rows are matched with the children that are here."""

    def __call__(self, caller: Caller, *, idempotency_key: str, rows: Sequence[SuppliedChild]) -> SuppliedRows:
        """Return how many rows were taken; raises NotPermitted, InvalidRequest with the path of each wrong field."""
        if not self.is_open:
            raise NotPermitted
        providers = self.providers.current()
        if faults := self._faults(rows, providers):
            raise InvalidRequest(faults[:_MOST_FAULTS])
        # 1. The entry of the whole batch is durable, and gives numbers and keys.
        entered = self.ledger.enter_intake(
            idempotency_key=idempotency_key,
            source=acting_organisation(caller),
            children=[(new_records.sections(row), row.authority) for row in rows],
        )
        # 2. One transaction here. 3. The ledger learns how it ended.
        self.conclude(entered.act_id, entered.state, self._effect(caller, entered, rows, providers))
        return SuppliedRows(taken=len(rows), receipt=entered.receipt)

    def _effect(
        self, caller: Caller, entered: EnteredIntake, rows: Sequence[SuppliedChild], providers: ProviderList
    ) -> Outcome | None:
        if entered.state is not ActState.PENDING:
            return self.records.outcome_of(entered.act_id)
        now, source, new = self.clock.now(), acting_organisation(caller), NewRecords(children=self.children)
        writes: list[list[StatementWrite]] = []
        entries: list[Entry] = []
        for place, (child, row) in enumerate(zip(entered.children, rows, strict=True)):
            said = new_records.contents(row, providers, act_id=entered.act_id, place=place, now=now)
            writes.append(new_records.writes(child, said, source=source, now=now))
            entries.extend(new.entries(child.number, row))
        try:
            return self.records.create(entered.act_id, writes, entries, entered.receipt)
        except RecordFull:
            return self.records.end(entered.act_id, Outcome.RECORD_FULL)

    def _faults(self, rows: Sequence[SuppliedChild], providers: ProviderList) -> list[Fault]:
        today = london_day(self.clock.now())
        found: list[Fault] = []
        for index, row in enumerate(rows):
            within = f"children[{index}]."
            found += supplied.faults(row, today=today, within=within)
            if row.school_urn and row.school_urn not in providers.by_urn:
                found.append((f"{within}school_urn", "UNKNOWN_PROVIDER"))
            if row.gp_ods_code and row.gp_ods_code not in providers.by_ods_code:
                found.append((f"{within}gp_ods_code", "UNKNOWN_PROVIDER"))
            found += [
                (f"{within}involvements[{place}].provider_id", "UNKNOWN_PROVIDER")
                for place, involvement in enumerate(row.involvements)
                if involvement.provider_id not in providers.by_id
            ]
        return found
