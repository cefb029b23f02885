"""Credentials: a code is used once under race, guesses are counted, unknown names are looked up like known ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from services.identity.storage.accounts import MOST_WRONG_IN_ROW
from tests.storage.identity.conftest import Store


@pytest.fixture
def person(store: Store) -> str:
    store.accounts.prepare_decoys(b"$argon2id$nobody")
    organisation = store.do_found()
    act = store.a_new_person(organisation, "nurse")
    store.acts.prepare(act)
    store.steps.drive(act, is_ours=True)
    return act.subject.id


@pytest.mark.promise("I1")
def test_of_fifty_uses_of_a_code_one_succeeds(store: Store, person: str) -> None:
    with ThreadPoolExecutor(50) as pool:
        used = list(pool.map(lambda _: store.accounts.use_code(person, 1234), range(50)))
    assert used.count(True) == 1
    assert not store.accounts.use_code(person, 1233)
    assert store.accounts.use_code(person, 1235)


@pytest.mark.promise("I2")
def test_guesses_at_once_are_all_counted_and_close_the_account_once(store: Store, person: str) -> None:
    account = store.accounts.of("nurse")
    with ThreadPoolExecutor(16) as pool:
        closed = list(
            pool.map(lambda _: store.accounts.count_wrong(account, "sign_in", "R"), range(MOST_WRONG_IN_ROW + 20))
        )
    assert closed.count(True) == 1
    assert store.accounts.of("nurse").is_locked
    assert not store.accounts.use_code(person, 9999)
    with store.owner.connect() as connection:
        rules = connection.execute(sa.text("SELECT rule, count(*) FROM refusal GROUP BY rule")).all()
    assert dict(rules) == {"R": MOST_WRONG_IN_ROW + 20, "CODE_LOCKED": 1}


def test_a_right_sign_in_starts_the_count_anew(store: Store, person: str) -> None:
    account = store.accounts.of("nurse")
    store.accounts.count_wrong(account, "sign_in", "R")
    store.accounts.count_right(person)
    with store.owner.connect() as connection:
        wrong = connection.scalar(sa.text("SELECT wrong_in_row FROM guesses WHERE id = :id"), {"id": person})
    assert wrong == 0


@pytest.mark.promise("D6")
def test_an_unknown_name_makes_the_same_statements(store: Store, person: str) -> None:
    made: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        made.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", note)
    statements = []
    for name in ("nurse", "nobody-of-that-name"):
        made.clear()
        account = store.accounts.of(name)
        store.accounts.use_code(account.id, 0)
        store.accounts.count_wrong(account, "sign_in", "SIGN_IN_REFUSED")
        statements.append(list(made))
        assert len(account.secret) == 32
    assert statements[0] == statements[1]
    assert person


def test_decoys_are_made_once(store: Store) -> None:
    store.accounts.prepare_decoys(b"one")
    first = store.accounts.of("nobody")
    store.accounts.prepare_decoys(b"two")
    again = store.accounts.of("nobody")
    assert (first.id, first.secret, first.password_hash) == (again.id, again.secret, again.password_hash)
    assert not first.is_known
