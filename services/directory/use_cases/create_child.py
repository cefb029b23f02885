"""A practitioner enters a child whom a search of this session by name and date did not show."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain import candidates, supplied
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName, Shape
from services.directory.domain.supplied import SuppliedChild
from services.directory.errors import RecordFull
from services.directory.ports import (
    ActState,
    Children,
    EnteredAct,
    Ledger,
    NewChild,
    Outcome,
    ProviderList,
    Receipt,
    Records,
)
from services.directory.use_cases import new_records
from services.directory.use_cases.acting_organisation import act_of, acting_organisation
from services.directory.use_cases.conclude_act import ConcludeAct
from services.directory.use_cases.new_records import NewRecords
from services.runtime.caller import Caller
from services.runtime.clock import Clock, london_day
from services.runtime.errors import InvalidRequest

_NO_PROVIDERS = ProviderList(by_id={}, by_urn={}, by_ods_code={})


@dataclass(frozen=True, kw_only=True)
class CreatedChild:
    """The child's number, a handle, and the receipt of the act."""

    number: int
    handle: bytes
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class CreateChild:
    """Creates a record from partial identity, in the three steps of architecture 2."""

    ledger: Ledger
    records: Records
    children: Children
    conclude: ConcludeAct
    clock: Clock
    criteria_key: bytes

    def __call__(
        self, caller: Caller, *, idempotency_key: str, search_handle: bytes, child: SuppliedChild
    ) -> CreatedChild:
        """Return the new child's number and handle, the same number in every retry.

        Whether a limited child of this whole name makes the record limited from its start is the ledger's to decide,
        and makes no difference to the answer. Raises InvalidRequest, SearchNeeded, ActGivenUp.
        """
        if faults := list(supplied.faults(child, today=london_day(self.clock.now()))):
            raise InvalidRequest(faults)
        authority = child.authority or act_of(caller).aut
        if not authority:
            raise InvalidRequest([("authority", "REQUIRED")])
        # 1. The search is repeated; the entry is durable, and gives the keys of the first statements.
        question = _question(child.name, child.date_of_birth)
        found = () if question.missing else self.children.candidates(question)
        entered = self.ledger.enter_creation(
            idempotency_key=idempotency_key,
            search_handle=search_handle,
            criteria_digest=candidates.criteria_digest(self.criteria_key, child.name, child.date_of_birth),
            candidates=candidates.encoded(found),
            source=acting_organisation(caller),
            sections=new_records.sections(child),
            authority=authority,
        )
        # 2. One transaction here. 3. The ledger learns how it ended.
        self.conclude(entered.act_id, entered.state, self._effect(caller, entered, child))
        return CreatedChild(number=entered.number, handle=entered.handle, receipt=entered.receipt)

    def _effect(self, caller: Caller, entered: EnteredAct, child: SuppliedChild) -> Outcome | None:
        if entered.state is not ActState.PENDING:
            return self.records.outcome_of(entered.act_id)
        now = self.clock.now()
        new = NewChild(number=entered.number, keys=entered.pending_keys)
        said = new_records.contents(child, _NO_PROVIDERS, act_id=entered.act_id, place=0, now=now)
        writes = new_records.writes(new, said, source=acting_organisation(caller), now=now)
        entries = tuple(NewRecords(children=self.children).entries(new.number, child))
        try:
            return self.records.create(entered.act_id, [writes], entries, entered.receipt)
        except RecordFull:
            return self.records.end(entered.act_id, Outcome.RECORD_FULL)


def _question(name: ChildName, date_of_birth: DateOfBirth) -> Question:
    return Question(
        surname=name.surname,
        given_names=name.given_names,
        date_of_birth=date_of_birth,
        is_not_yet_named=name.shape is Shape.NOT_YET_NAMED,
    )
