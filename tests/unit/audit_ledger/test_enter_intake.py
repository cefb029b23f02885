"""A batch of new children: one entry, keys for each, the same in a retry, and only where no child is real."""

from __future__ import annotations

import dataclasses
import uuid

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.domain.entry import SubjectKind
from services.audit.ledger.domain.numbers import is_number
from services.audit.ledger.errors import NotHere
from services.audit.ledger.use_cases.enter_intake import AskedIntake, EnterIntake, NewChild
from services.runtime.errors import CeilingReached, NotPermitted, StandingChanged
from tests.fakes.audit_ledger import AREA, LEDGER, SOURCE, Ledger, Person, in_memory, with_ceilings
from tests.unit.audit_ledger.conftest import entries_of, last_entry


@pytest.fixture
def system(ledger: Ledger) -> str:
    name = str(uuid.uuid4())
    ledger.add("system", name)
    return name


def test_a_batch_is_one_entry_about_all_its_children(ledger: Ledger, system: str, nurse: Person) -> None:
    before = len(entries_of(ledger))
    taken = ledger.supply(200, system=system)
    assert len({one.number for one in taken.children}) == 200
    assert all(is_number(one.number) for one in taken.children)
    assert {len(one.keys) for one in taken.children} == {3}
    entries = entries_of(ledger)
    assert len(entries) == before + 1
    assert sum(one.kind is SubjectKind.CHILD for one in entries[-1].subjects) == 200
    assert ledger.settle(taken.act_id).state is ActState.DONE
    seen = ledger.look(nurse, number=taken.children[7].number)
    assert {key.key for key in seen.keys} <= {key.key for key in taken.children[7].keys}


def test_a_retry_has_the_same_numbers_and_keys(ledger: Ledger, system: str) -> None:
    key, digest = str(uuid.uuid4()), "d" * 64
    first = ledger.supply(3, system=system, key=key, req=digest)
    second = ledger.supply(3, system=system, key=key, req=digest)
    assert dataclasses.replace(second, receipt=first.receipt) == first
    ledger.settle(first.act_id)
    third = ledger.supply(3, system=system, key=key, req=digest)
    assert [one.number for one in third.children] == [one.number for one in first.children]
    assert third.state is ActState.DONE
    assert all(one.keys == () for one in third.children)


def test_a_batch_given_up_leaves_no_child(ledger: Ledger, system: str, nurse: Person) -> None:
    taken = ledger.supply(2, system=system)
    ledger.settle(taken.act_id, is_done=False)
    assert ledger.look(nurse, number=taken.children[0].number).number == 0


def test_a_batch_says_nothing_in_anothers_name(ledger: Ledger, system: str) -> None:
    with pytest.raises(NotPermitted):
        ledger.supply(1, system=system, source=uuid.uuid4().bytes)
    assert last_entry(ledger).draft.rule == "STATEMENT_NOT_OWN"


def test_a_person_takes_nothing_in(ledger: Ledger, system: str, nurse: Person) -> None:
    call = ledger.call(nurse, "directory:SupplyService/SupplyRows", "EnterIntake")
    asked = AskedIntake(idempotency_key=str(uuid.uuid4()), source=SOURCE, children=(NewChild((), AREA),))
    with pytest.raises(NotPermitted):
        EnterIntake(writer=ledger.writer, rule=ledger.rule)(call, asked)


def test_a_suspended_system_takes_nothing_in(ledger: Ledger, system: str) -> None:
    ledger.digest("system", system, revision=2)
    with pytest.raises(StandingChanged):
        ledger.supply(1, system=system)


def test_other_environments_take_no_batch(ledger: Ledger, system: str) -> None:
    ledger.rule = dataclasses.replace(ledger.rule, environment="live")
    with pytest.raises(NotHere):
        ledger.supply(1, system=system)
    assert last_entry(ledger).draft.rule == "NOT_IN_THIS_ENVIRONMENT"


@pytest.mark.promise("D5")
def test_intake_has_a_ceiling() -> None:
    plain = in_memory()
    plain.stop()
    ledger = in_memory(limits=with_ceilings(plain.limits, system_intake=5))
    ledger.found()
    name = str(uuid.uuid4())
    ledger.add("system", name)
    ledger.supply(3, system=name)
    with pytest.raises(CeilingReached):
        ledger.supply(3, system=name)
    ledger.supply(2, system=name)
    ledger.stop()


def test_the_ledgers_method_is_spelt_as_the_contracts_do(ledger: Ledger) -> None:
    assert ledger.rule.table.get(LEDGER + "EnterIntake") is not None
