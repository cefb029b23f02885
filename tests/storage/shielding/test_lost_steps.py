"""`check-store` of a restored shielding on PostgreSQL, beside the ledger's own code: each child is on a list again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy.engine import Engine

from services.audit.ledger.domain.entry import SubjectKind
from services.audit.ledger.effects.accept_loss import AcceptLoss
from services.audit.ledger.effects.close_child import CloseChild
from services.audit.ledger.effects.note import Note
from services.audit.ledger.use_cases import list_shield_steps
from services.runtime.channels import PeerChannel
from services.runtime.errors import ServiceError
from services.shielding import losses
from services.shielding.clients.logged_steps import RemoteLoggedSteps
from services.shielding.domain import Case, Ground, Officer, ShieldState, Step, approved
from services.shielding.errors import SecondOfficerNeeded
from services.shielding.losses import Loss
from services.shielding.ports import Act, Child, Entered, Pending, Receipt
from services.shielding.restore_ports import PutOnList
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import SqlCases
from services.shielding.storage.held_steps import SqlHeldSteps
from services.shielding.use_cases.check_store import CheckStore
from services.shielding.use_cases.mend_store import MendStore
from tests.fakes.audit_ledger import AREA, Ledger, Person, candidate, in_memory
from tests.support.killable import Fate, Killed, Wire, die
from tests.unit.audit_ledger.conftest import last_entry

pytestmark = pytest.mark.promise("S5")
REQUEST = "shielding:ShieldingService/RequestShield"


@dataclass
class Restored:
    """A shielding that lost what it did after a copy, and the ledger that knows of it."""

    ledger: Ledger
    engine: Engine
    fate: Fate = field(default_factory=Fate)

    def __post_init__(self) -> None:
        sealing = Sealing(b"r" * 32)
        self.nurse = self.ledger.somebody()
        self.police = self.ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
        self.officers = [self.ledger.somebody("ROLE_SHIELD_OFFICER") for _ in range(2)]
        self.logged = RemoteLoggedSteps(cast("PeerChannel", Wire(self.ledger, self.fate, "shielding")))
        self.held = SqlHeldSteps(self.engine, sealing)
        self.cases = SqlCases(self.engine, sealing)
        self.start = self.ledger.writer.published().size

    def child(self) -> int:
        # Each by somebody new: there is a ceiling.
        return self.ledger.create(self.ledger.somebody()).number

    def closed(self, number: int, who: Person | None = None, *, is_interim: bool = True) -> Receipt:
        """Let somebody close a child's record; shielding has forgotten it."""
        who = who or self.police
        name = "ImposeInterimShield" if who is self.police else "ApproveShield"
        effect = CloseChild(handle=None, number=number, is_interim=is_interim)
        entered = self.ledger.enter(who, effect, method=f"shielding:ShieldingService/{name}")
        return Receipt(entered.receipt.index, entered.receipt.leaf)

    def asked(self, number: int) -> None:
        """Let a nurse ask that a child be hidden; shielding has forgotten it."""
        handle = self.ledger.search(self.nurse, [candidate(number)]).slots[0].handle
        self.ledger.enter(self.nurse, Note(handle=handle, number=0), method=REQUEST)

    def hold(self, number: int, receipt: Receipt) -> Case:
        """Keep a step as shielding keeps what it has not lost."""
        by = Officer(uuid.UUID(self.police.person), AREA)
        now = self.ledger.clock.now()
        case = Case(
            case_id=uuid.uuid4(),
            state=ShieldState.INTERIM,
            ground=Ground.ADOPTION,
            authority=AREA,
            opened_at=now,
            opened_by=by.person,
            due_at=now + timedelta(days=5),
        )
        act = Act(idempotency_key=case.case_id, child=Child(number=number), closes=True, is_interim=True)
        step = Step(before=None, case=case, closes=True, is_interim=True)
        pending = Pending(name=case.case_id, digest=b"d" * 32, token="t", step=step, act=act, known_index=-1)
        self.cases.begin(pending)
        self.cases.settle(pending, Entered(receipt, number))
        return case

    def check(self) -> Loss | None:
        return CheckStore(logged=self.logged, held=self.held)(self.start).loss

    def loss(self) -> Loss:
        found = self.check()
        assert found is not None
        return found

    def accept(self, loss: Loss) -> None:
        for _ in range(2):
            effect = AcceptLoss(lost_digest=loss.digest, lost_count=len(loss.steps))
            custodian = self.ledger.somebody("ROLE_CUSTODIAN")
            self.ledger.enter(custodian, effect, method="audit.review:CustodyService/AcceptLoss")

    def mend(self, loss: Loss) -> PutOnList:
        return MendStore(logged=self.logged, held=self.held, clock=self.ledger.clock)(loss)

    def mended(self) -> PutOnList:
        loss = self.loss()
        self.accept(loss)
        return self.mend(loss)

    def waiting(self) -> list[Case]:
        return list(self.cases.waiting(AREA, self.ledger.clock.now(), None, 50))


@pytest.fixture
def restored(engine: Engine) -> Iterator[Restored]:
    ledger = in_memory()
    ledger.found()
    yield Restored(ledger, engine)
    ledger.stop()


def officer(who: Person) -> Officer:
    return Officer(uuid.UUID(who.person), AREA)


def test_what_is_held_is_not_lost_and_what_is_no_step_of_a_shield_is_none(restored: Restored) -> None:
    number = restored.child()
    restored.hold(number, restored.closed(number))
    assert restored.check() is None


def test_a_case_lost_is_on_the_list_again_due_at_once_and_without_a_ground(restored: Restored) -> None:
    number = restored.child()
    restored.closed(number)
    assert restored.waiting() == []
    assert restored.mended() == PutOnList(made=1, held=0)
    (case,) = restored.waiting()
    assert (case.state, case.ground, case.authority) == (ShieldState.INTERIM, Ground.LOST, AREA)
    assert case.opened_by == uuid.UUID(restored.police.person)
    assert case.due_at == restored.ledger.clock.now()
    assert restored.cases.count_waiting(AREA, restored.ledger.clock.now()).overdue == 1
    found = restored.cases.find(case.case_id)
    assert found == (case, number)
    assert restored.check() is None
    entry = last_entry(restored.ledger)
    assert (entry.draft.act, entry.draft.rule) == ("shield.recovered", "LOSS_ACCEPTED")
    assert [one.kind for one in entry.subjects] == [SubjectKind.CHILD]


def test_an_officer_decides_it_once_more_and_never_whoever_closed_it(restored: Restored) -> None:
    number = restored.child()
    restored.closed(number)
    restored.mended()
    (case,) = restored.waiting()
    now = restored.ledger.clock.now()
    with pytest.raises(SecondOfficerNeeded):
        approved(case, officer(restored.police), now, frozenset())
    step = approved(case, officer(restored.officers[0]), now, frozenset())
    act = Act(idempotency_key=uuid.uuid4(), child=Child(number=number), closes=True, is_interim=False)
    pending = Pending(name=uuid.uuid4(), digest=b"d" * 32, token="t", step=step, act=act, known_index=-1)
    restored.cases.begin(pending)
    restored.cases.settle(pending, Entered(restored.closed(number, restored.officers[0], is_interim=False), number))
    found = restored.cases.find(case.case_id)
    assert found is not None
    assert (found[0].state, found[0].ground) == (ShieldState.ACTIVE, Ground.LOST)
    assert restored.waiting() == []
    assert restored.check() is None


def test_nobody_puts_anything_on_a_list_before_two_custodians_accept_exactly_this(restored: Restored) -> None:
    restored.closed(restored.child())
    loss = restored.loss()
    for _ in range(2):
        with pytest.raises(ServiceError) as refused:
            restored.mend(loss)
        assert refused.value.reason == "LOSS_NOT_ACCEPTED"
        restored.accept(Loss.of([*loss.steps, *loss.steps]))
    assert restored.waiting() == []
    assert restored.check() == loss


def test_a_request_is_asked_for_again_and_whoever_approved_it_first_is_not_the_second(restored: Restored) -> None:
    only_asked, approved_once = restored.child(), restored.child()
    restored.asked(only_asked)
    restored.asked(approved_once)
    first, second = restored.officers
    restored.closed(approved_once, first)
    assert restored.mended() == PutOnList(made=2, held=0)
    by_number = {restored.cases.find(one.case_id)[1]: one for one in restored.waiting()}  # type: ignore[index]
    assert by_number[only_asked].state is ShieldState.REQUESTED
    case = by_number[approved_once]
    assert (case.state, case.opened_by) == (ShieldState.INTERIM, uuid.UUID(restored.nurse.person))
    assert case.first_officer == uuid.UUID(first.person)
    with pytest.raises(SecondOfficerNeeded):
        approved(case, officer(first), restored.ledger.clock.now(), frozenset())
    assert approved(case, officer(second), restored.ledger.clock.now(), frozenset()).case.state is ShieldState.ACTIVE


def test_a_child_whose_case_is_held_gets_no_second_one(restored: Restored) -> None:
    number = restored.child()
    held = restored.hold(number, restored.closed(number))
    # The approval is what was lost.
    restored.closed(number, restored.officers[0], is_interim=False)
    assert restored.mended() == PutOnList(made=0, held=1)
    assert restored.waiting() == [held]
    assert restored.check() is None


def test_twenty_children_a_call_and_parts_and_pages(restored: Restored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_shield_steps, "MOST", 7)
    monkeypatch.setattr(losses, "MOST_IN_A_PART", 23)
    numbers = [restored.child() for _ in range(25)]
    for number in numbers:
        restored.closed(number)
    loss = restored.loss()
    assert (len(loss.steps), len(loss.parts)) == (25, 2)
    restored.accept(loss)
    told = restored.logged.recover(loss.parts[0], 0, loss)
    assert len(told.steps) == 20
    assert restored.mend(loss) == PutOnList(made=25, held=0)
    found = [restored.cases.find(one.case_id) for one in restored.waiting()]
    assert sorted(one[1] for one in found if one) == sorted(numbers)


def test_a_mending_that_was_killed_goes_on_under_the_same_acceptance(restored: Restored) -> None:
    for _ in range(2):
        restored.closed(restored.child())
    loss = restored.loss()
    restored.accept(loss)
    with restored.fate.decided("after RecoverShieldSteps", die), pytest.raises(Killed):
        restored.mend(loss)
    assert restored.loss() == loss
    assert restored.mend(loss) == PutOnList(made=2, held=0)
    # And once more, as if nobody had been told: the same cases, none twice.
    assert restored.mend(loss) == PutOnList(made=0, held=2)
    assert len(restored.waiting()) == 2


def test_an_entry_that_is_no_step_is_not_told_even_if_two_accepted_its_name(restored: Restored) -> None:
    made = restored.ledger.create(restored.nurse)
    restored.closed(made.number)
    (step,) = restored.loss().steps
    wrong = Loss.of([losses.LoggedStep(made.act_id, made.receipt.index, closes=True)])
    crossed = Loss.of([losses.LoggedStep(step.act_id, made.receipt.index, closes=True)])
    for loss in (wrong, crossed):
        restored.accept(loss)
        with pytest.raises(ServiceError) as refused:
            restored.logged.recover(loss.parts[0], 0, loss)
        assert refused.value.reason == "NO_SUCH_ACT"


def test_the_release_before_reads_a_recovered_case(restored: Restored, owner: Engine) -> None:
    restored.closed(restored.child())
    restored.mended()
    with owner.connect() as connection:
        grounds = {row.ground for row in connection.exec_driver_sql("SELECT ground FROM shield_case")}
    assert grounds == {Ground.OTHER_SIGNIFICANT_HARM.value}
