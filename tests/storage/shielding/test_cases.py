"""The promises of the port `Cases`, kept by PostgreSQL and by the fake that the unit tests stand on."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.engine import Engine

from services.runtime.errors import BeingChanged, KeyReused
from services.shielding.domain import Case, Ground, Officer, ShieldState, Step, approved, imposed, requested
from services.shielding.ports import Act, Asked, Cases, Child, Entered, Pending, Receipt
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import SqlCases
from services.shielding.storage.newest_receipt import SqlNewestReceipt
from tests.fakes.shielding import FakeCases
from tests.support.acts import SetClock

AUTHORITY = "E08000001"
OPENER, FIRST, SECOND = (Officer(uuid.UUID(int=number), AUTHORITY) for number in (1, 2, 3))
NOW = datetime(2026, 6, 1, 9, 30, 15, 123456, tzinfo=UTC)
NUMBER = 1234567894
ENTERED = Entered(Receipt(42, b"l" * 32), NUMBER)
HANDLE = bytes(range(64))


@dataclass
class Kept:
    """One keeper of cases, and how its time passes."""

    cases: Cases
    let_pass: Callable[[float], None]


@pytest.fixture(params=["postgresql", "memory"])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "memory":
        clock = SetClock(NOW)
        return Kept(FakeCases(clock), clock.move)
    engine, owner = request.getfixturevalue("engine"), request.getfixturevalue("owner")

    def let_pass(seconds: float) -> None:
        with owner.begin() as connection:
            for table, column in (("pending_step", "tried_at"), ("settled_act", "settled_at")):
                connection.execute(
                    sa.text(f"UPDATE {table} SET {column} = {column} - make_interval(secs => :seconds)"),
                    {"seconds": seconds},
                )

    return Kept(SqlCases(engine, Sealing(b"r" * 32)), let_pass)


def a_step(by: Officer = OPENER, *, opens: Callable[..., Step] = imposed, now: datetime = NOW) -> Step:
    return opens(uuid.uuid4(), Ground.ADOPTION, by, now, frozenset())


def a_pending(step: Step, *, name: uuid.UUID | None = None, digest: bytes = b"d" * 32, token: str = "token") -> Pending:
    child = Child(handle=HANDLE) if step.before is None else Child(number=NUMBER)
    act = Act(idempotency_key=uuid.UUID(int=77), child=child, closes=step.closes, is_interim=step.is_interim)
    name = name or (step.case.case_id if step.before is None else uuid.uuid4())
    return Pending(name=name, digest=digest, token=token, step=step, act=act, known_index=41)


def opened(kept: Kept, **changed: object) -> Case:
    step = a_step()
    step = replace(step, case=replace(step.case, **changed))  # type: ignore[arg-type]
    pending = a_pending(step)
    kept.cases.begin(pending)
    kept.cases.settle(pending, ENTERED)
    return step.case


def asked_of(pending: Pending) -> Asked:
    return Asked(by=OPENER, name=pending.name, idempotency_key=uuid.UUID(int=77), digest=pending.digest, token="x")


def test_what_is_settled_is_found_as_it_was(kept: Kept) -> None:
    pending = a_pending(a_step())
    begun = kept.cases.begin(pending)
    assert (begun.pending, begun.is_repeated) == (pending, False)
    assert kept.cases.find(pending.name) is None
    assert kept.cases.done(asked_of(pending)) is None
    kept.cases.settle(pending, ENTERED)
    assert kept.cases.find(pending.name) == (pending.step.case, NUMBER)
    assert kept.cases.done(asked_of(pending)) == ENTERED.receipt
    assert kept.cases.left_behind(-1) == []


def test_a_case_goes_on_to_its_end(kept: Kept) -> None:
    case = opened(kept)
    pending = a_pending(approved(case, SECOND, NOW, frozenset()))
    kept.cases.begin(pending)
    kept.cases.settle(pending, Entered(Receipt(43, b"m" * 32), NUMBER))
    found = kept.cases.find(case.case_id)
    assert found == (pending.step.case, NUMBER)
    assert found[0].state is ShieldState.ACTIVE


def test_settling_twice_changes_nothing_more(kept: Kept) -> None:
    step = a_step(opens=requested)
    first = a_pending(step)
    kept.cases.begin(first)
    kept.cases.settle(first, ENTERED)
    approval = a_pending(approved(step.case, FIRST, NOW, frozenset()))
    kept.cases.begin(approval)
    kept.cases.settle(approval, ENTERED)
    kept.cases.settle(first, ENTERED)
    kept.cases.settle(approval, ENTERED)
    assert kept.cases.find(first.name) == (approval.step.case, NUMBER)


def test_a_step_that_is_dropped_leaves_nothing(kept: Kept) -> None:
    pending = a_pending(a_step())
    kept.cases.begin(pending)
    kept.cases.drop(pending)
    kept.cases.drop(pending)
    kept.cases.settle(pending, ENTERED)
    assert kept.cases.find(pending.name) is None
    assert kept.cases.done(asked_of(pending)) is None
    assert kept.cases.left_behind(-1) == []


def test_the_same_act_begins_again_as_it_was_the_first_time(kept: Kept) -> None:
    step = a_step()
    first = a_pending(step, token="first")
    kept.cases.begin(first)
    later = replace(step, case=replace(step.case, due_at=NOW + timedelta(days=9)))
    begun = kept.cases.begin(replace(a_pending(later, name=first.name, token="second"), known_index=99))
    assert (begun.pending, begun.is_repeated) == (first, True)


def test_a_second_act_on_a_case_waits(kept: Kept) -> None:
    case = opened(kept)
    step = approved(case, FIRST, NOW, frozenset())
    first = a_pending(step)
    kept.cases.begin(first)
    other = a_pending(approved(case, SECOND, NOW, frozenset()))
    with pytest.raises(BeingChanged):
        kept.cases.begin(other)
    kept.cases.drop(other)
    kept.cases.settle(other, ENTERED)
    assert kept.cases.find(case.case_id) == (case, NUMBER)
    kept.cases.settle(first, ENTERED)
    assert kept.cases.find(case.case_id) == (step.case, NUMBER)


def test_an_act_on_what_has_changed_since_is_refused(kept: Kept) -> None:
    case = opened(kept, state=ShieldState.REQUESTED)
    first = a_pending(approved(case, FIRST, NOW, frozenset()))
    kept.cases.begin(first)
    kept.cases.settle(first, ENTERED)
    late = a_pending(approved(case, SECOND, NOW, frozenset()))
    with pytest.raises(BeingChanged):
        kept.cases.begin(late)
    # Nothing of it is left behind either.
    assert kept.cases.left_behind(-1) == []
    with pytest.raises(BeingChanged):
        kept.cases.begin(a_pending(replace(a_step(), case=case), name=case.case_id))


def test_another_request_under_the_same_key_is_refused_before_and_after(kept: Kept) -> None:
    pending = a_pending(a_step())
    kept.cases.begin(pending)
    other = replace(pending, digest=b"e" * 32)
    with pytest.raises(KeyReused):
        kept.cases.begin(other)
    assert kept.cases.left_behind(-1) == [pending]
    kept.cases.settle(pending, ENTERED)
    with pytest.raises(KeyReused):
        kept.cases.done(asked_of(other))


def test_what_began_long_ago_is_left_behind_whole_and_the_oldest_first(kept: Kept) -> None:
    case = opened(kept)
    first, second = a_pending(a_step()), a_pending(approved(case, FIRST, NOW, frozenset()))
    kept.cases.begin(first)
    kept.let_pass(6)
    kept.cases.begin(second)
    assert kept.cases.left_behind(10) == []
    kept.let_pass(6)
    assert kept.cases.left_behind(10) == [first]
    kept.let_pass(6)
    assert kept.cases.left_behind(10) == [first, second]
    # Somebody presses again: it is on its way once more.
    kept.cases.begin(first)
    assert kept.cases.left_behind(10) == [second]


def test_cases_wait_by_authority_oldest_first_page_by_page(kept: Kept) -> None:
    cases = [opened(kept, opened_at=NOW + timedelta(seconds=second)) for second in (2, 0, 1)]
    same_time = sorted((opened(kept, opened_at=NOW + timedelta(seconds=5)) for _ in range(3)), key=lambda c: c.case_id)
    opened(kept, authority="E09000002")
    expected = [cases[1], cases[2], cases[0], *same_time]
    assert list(kept.cases.waiting(AUTHORITY, NOW, None, 200)) == expected
    seen: list[Case] = []
    position = None
    while page := kept.cases.waiting(AUTHORITY, NOW, position, 2):
        seen += page
        position = (page[-1].opened_at.isoformat(), page[-1].case_id)
    assert seen == expected


def test_what_is_active_waits_once_its_review_is_due(kept: Kept) -> None:
    opened(kept, state=ShieldState.ACTIVE, second_officer=SECOND.person, due_at=NOW + timedelta(days=1))
    assert list(kept.cases.waiting(AUTHORITY, NOW, None, 10)) == []
    (case,) = kept.cases.waiting(AUTHORITY, NOW + timedelta(days=1), None, 10)
    assert case.state is ShieldState.ACTIVE


def test_what_waits_is_counted_as_it_is_listed(kept: Kept) -> None:
    for _ in range(3):
        opened(kept)
    for now in (NOW, NOW + timedelta(days=400)):
        cases = kept.cases.waiting(AUTHORITY, now, None, 200)
        due = [case.due_at for case in cases]
        found = kept.cases.count_waiting(AUTHORITY, now)
        assert (found.cases, found.overdue) == (len(cases), sum(at <= now for at in due))
        assert found.oldest_opened_at == cases[0].opened_at
        assert found.next_due_at == min((at for at in due if at > now), default=None)
    assert kept.cases.count_waiting("E99999999", NOW).cases == 0


def test_a_reading_is_remembered_for_a_day_and_an_act_for_ever(kept: Kept) -> None:
    act = asked_of(a_pending(approved(opened(kept), FIRST, NOW, frozenset())))
    case = opened(kept)
    kept.cases.keep_reading(act, Receipt(50, b"n" * 32))
    kept.cases.keep_reading(act, Receipt(50, b"n" * 32))
    kept.let_pass(23 * 3600)
    kept.cases.forget_old_readings()
    assert kept.cases.done(act) == Receipt(50, b"n" * 32)
    kept.let_pass(2 * 3600)
    kept.cases.forget_old_readings()
    assert kept.cases.done(act) is None
    assert kept.cases.done(replace(act, name=case.case_id)) == ENTERED.receipt


def test_of_many_at_once_one_begins(engine: Engine) -> None:
    cases = SqlCases(engine, Sealing(b"r" * 32))
    kept = Kept(cases, lambda _: None)
    case = opened(kept)
    ended: list[str] = []
    together = threading.Barrier(8)

    def begin(number: int) -> None:
        pending = a_pending(approved(case, Officer(uuid.UUID(int=100 + number), AUTHORITY), NOW, frozenset()))
        together.wait()
        try:
            cases.begin(pending)
        except BeingChanged:
            ended.append("waits")
        else:
            cases.settle(pending, ENTERED)
            ended.append("done")

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count("done") == 1
    assert len(ended) == 8
    found = cases.find(case.case_id)
    assert found
    assert found[0].state is ShieldState.ACTIVE


def test_no_child_and_no_token_is_readable_in_the_database(engine: Engine) -> None:
    cases = SqlCases(engine, Sealing(b"r" * 32))
    kept = Kept(cases, lambda _: None)
    opened(kept)
    cases.begin(a_pending(a_step(), token="ey.secret.token"))
    with engine.begin() as connection:
        for table in ("shield_case", "pending_step", "settled_act"):
            for row in connection.execute(sa.text(f"SELECT * FROM {table}")):
                text = b"|".join(bytes(v) if isinstance(v, memoryview | bytes) else str(v).encode() for v in row)
                for secret in (str(NUMBER).encode(), b"ey.secret", HANDLE[:16], b"l" * 32):
                    assert secret not in text


def test_a_number_moved_to_another_case_does_not_open(engine: Engine, owner: Engine) -> None:
    cases = SqlCases(engine, Sealing(b"r" * 32))
    kept = Kept(cases, lambda _: None)
    one, other = opened(kept), opened(kept)
    with owner.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE shield_case SET sealed_number = (SELECT sealed_number FROM shield_case WHERE case_id = :other)"
                " WHERE case_id = :one"
            ),
            {"one": one.case_id, "other": other.case_id},
        )
    with pytest.raises(InvalidTag):
        cases.find(one.case_id)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM shield_case",
        "UPDATE shield_case SET opened_by = first_officer",
        "UPDATE shield_case SET authority = 'E09000002'",
        "UPDATE shield_case SET sealed_number = ''",
        "UPDATE settled_act SET digest = ''",
        "DELETE FROM newest_receipt",
        "TRUNCATE pending_step",
        "DROP TABLE pending_step",
        "CREATE TABLE own (x int)",
    ],
)
def test_the_role_that_serves_may_do_what_it_needs(engine: Engine, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"), engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_one_person_twice_is_refused_by_the_table_itself(engine: Engine) -> None:
    case = opened(Kept(SqlCases(engine, Sealing(b"r" * 32)), lambda _: None))
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE shield_case SET second_officer = opened_by WHERE case_id = :case"), {"case": case.case_id}
        )


def test_the_newest_receipt_never_goes_down_and_comes_with_each_act(engine: Engine) -> None:
    kept = SqlNewestReceipt(engine)
    assert kept.load() == -1
    kept.keep(0)
    assert kept.load() == 0
    kept.keep(7)
    kept.keep(3)
    assert kept.load() == 7
    opened(Kept(SqlCases(engine, Sealing(b"r" * 32)), lambda _: None))
    assert kept.load() == ENTERED.receipt.index
