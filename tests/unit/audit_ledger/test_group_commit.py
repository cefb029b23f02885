"""The writer: nothing is released before its commit, one fault spoils one call, memory is not believed too long."""

from __future__ import annotations

import dataclasses
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.errors import TokenSpent
from services.audit.ledger.ports import StoreChanged
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals, Refusals
from services.audit.ledger.use_cases.process_work import ProcessWork
from services.runtime import deadline
from services.runtime.errors import Busy, DeadlineTooShort, DependencyUnavailable
from tests.fakes.audit_ledger import Kept, Ledger, MemoryLog, MemoryStore, Person, in_memory
from tests.unit.audit_ledger.conftest import entries_of

REFUSALS = Refusals(act="sign_in", rule="UNKNOWN", person="", organisation="", session_tag="", count=1)


def kept_of(ledger: Ledger) -> Kept:
    assert isinstance(ledger.store, MemoryStore)
    return ledger.store.kept


@pytest.mark.promise("D1")
@pytest.mark.parametrize("failure", ["before", "after"])
def test_a_commit_that_fails_or_is_in_doubt_releases_nothing(ledger: Ledger, nurse: Person, failure: str) -> None:
    number = ledger.create(nurse).number
    call = ledger.call(nurse, "directory:DirectoryService/OpenRecord", "EnterLook")
    before = len(kept_of(ledger).rows)
    assert isinstance(ledger.store, MemoryStore)
    ledger.store.fails = [failure]
    with pytest.raises(DependencyUnavailable):
        ledger.look(nurse, number=number, call=call)
    assert ledger.leads_within(5)
    assert len(kept_of(ledger).rows) == before + (failure == "after")
    if failure == "after":
        # The entry stands, so the token is spent; the key was never let out.
        with pytest.raises(TokenSpent):
            ledger.look(nurse, number=number, call=call)
    else:
        assert ledger.look(nurse, number=number, call=call).number == number


def test_an_act_whose_answer_was_lost_is_the_same_in_its_retry(ledger: Ledger, nurse: Person) -> None:
    handle = ledger.create(nurse).handle
    call = ledger.call(nurse, "directory:DirectoryService/StartInvolvement", "Enter")
    key = "7b0d4a3e-3f6f-4a7c-8d7f-0f6f3c1b2a3d"
    assert isinstance(ledger.store, MemoryStore)
    ledger.store.fails = ["after"]
    with pytest.raises(DependencyUnavailable):
        ledger.write(nurse, handle, key=key, call=call)
    assert ledger.leads_within(5)
    before = len(kept_of(ledger).rows)
    assert ledger.write(nurse, handle, key=key, call=call).pending_keys[0].version.number == 2
    assert len(kept_of(ledger).rows) == before


class Unheard(Exception):  # of a library's own kind, such as struct.error
    """A fault that nobody thought of."""


@pytest.mark.parametrize("fault", [KeyError, struct.error, Unheard])
@pytest.mark.parametrize("late", [False, True])
def test_one_fault_spoils_one_call(ledger: Ledger, fault: type[Exception], late: bool) -> None:
    def raising(_: object) -> int:
        raise fault("somebody's name")

    def faulty(batch: Batch) -> Decision[int]:
        return Decision(answer=raising if late else raising(batch))  # type: ignore[arg-type]  # it raises

    def good(_: int) -> Any:
        return EnterRefusals(writer=ledger.writer)(REFUSALS)

    def bad(_: int) -> Any:
        with pytest.raises(fault):
            ledger.writer.write(ProcessWork(faulty))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: bad(n) if n % 3 == 0 else good(n), range(60)))
    assert ledger.writer.is_leading
    assert sum(entry.draft.act == "sign_in" for entry in entries_of(ledger)) == 40


def test_who_waits_too_long_or_too_many_is_told(ledger: Ledger) -> None:
    enter = EnterRefusals(writer=ledger.writer)
    before = len(kept_of(ledger).rows)
    with deadline.within(0), pytest.raises(DeadlineTooShort):
        enter(REFUSALS)
    enter(REFUSALS)
    assert len(kept_of(ledger).rows) == before + 1
    ledger.writer._waiting.maxsize = 1
    ledger.writer._taken = list  # type: ignore[method-assign]  # the writer stalls
    with ThreadPoolExecutor(4) as pool, deadline.within(0.3):
        found = list(pool.map(lambda _: refusal_of(enter), range(4)))
    assert found.count(Busy) >= 2


def refusal_of(enter: EnterRefusals) -> type[BaseException] | None:
    with deadline.within(0.3):
        try:
            enter(REFUSALS)
        except (Busy, DeadlineTooShort) as error:
            return type(error)
    return None


def changed(kept: Kept, what: str) -> None:
    """Edit the database behind the ledger's back."""
    match what:
        case "an entry is gone":
            kept.rows.pop()
        case "a leaf is another":
            kept.rows[3] = type(kept.rows[3])(3, kept.rows[3].at, kept.rows[3].sealed, b"x" * 32)
        case "a standing is gone":
            kept.standings.pop(next(iter(kept.standings)))
        case "a state is gone":
            kept.states.pop()
        case "the position is older":
            kept.sealed = kept.sealed[:-1] + bytes([kept.sealed[-1] ^ 1])
        case "the checkpoint is another":
            kept.checkpoint = kept.checkpoint.replace("contactpoint", "contactpoimt")
        case _:
            raise ValueError(what)


@pytest.mark.promise("R3")
@pytest.mark.parametrize(
    "what",
    [
        "an entry is gone",
        "a leaf is another",
        "a standing is gone",
        "a state is gone",
        "the position is older",
        "the checkpoint is another",
    ],
)
def test_a_database_that_was_changed_is_not_served_from(ledger: Ledger, nurse: Person, what: str) -> None:
    ledger.create(nurse)
    ledger.stop()
    kept = kept_of(ledger)
    changed(kept, what)
    again = Ledger(MemoryStore(kept), MemoryLog(kept), clock=ledger.clock)
    again._thread.start()
    assert not again.leads_within(0.5)
    again.stop()


@pytest.mark.promise("I8")
def test_an_older_standing_put_back_is_noticed(ledger: Ledger, nurse: Person) -> None:
    kept = kept_of(ledger)
    older = dict(kept.standings)
    ledger.add("person", "7b0d4a3e-3f6f-4a7c-8d7f-0f6f3c1b2a3d")
    ledger.stop()
    kept.standings = older
    with pytest.raises(StoreChanged):
        ledger.writer._following.catch_up()


@pytest.mark.promise("S5")
def test_an_older_key_row_put_back_opens_nothing(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)
    kept = kept_of(ledger)
    older = dict(kept.children)
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    ledger.close(police, number=entered.number)
    kept.children.update(older)
    assert ledger.look(nurse, number=entered.number).number == 0
    seen = ledger.look(nurse, entered.handle)
    assert seen.is_limited
    assert len(seen.keys) == 1


def test_a_spoilt_key_row_is_nobodys_and_its_number_is_not_free(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    kept = kept_of(ledger)
    kept.children = {tag: sealed[:-1] + b"\0\0" for tag, sealed in kept.children.items()}
    assert ledger.look(nurse, number=number).number == 0
    assert ledger.writer.is_leading


def test_a_spoilt_act_is_neither_repeated_nor_forgotten(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse, settle=False)
    kept = kept_of(ledger)
    kept.acts = {name: (is_pending, sealed[:-1]) for name, (is_pending, sealed) in kept.acts.items()}
    with pytest.raises(DependencyUnavailable):
        ledger.settle(entered.act_id)
    assert ledger.writer.is_leading


def test_another_file_of_ceilings_is_an_entry(ledger: Ledger) -> None:
    assert entries_of(ledger)[0].draft.act == "log.founded"
    before = len(entries_of(ledger))
    ledger.stop()
    for digest, more in ((ledger.limits.digest, 0), (b"n" * 32, 1), (b"n" * 32, 1)):
        again = in_memory(kept_of(ledger), limits=dataclasses.replace(ledger.limits, digest=digest))
        found = [entry.draft.act for entry in entries_of(again)]
        again.stop()
        assert found[before:] == ["limits.changed"] * more
