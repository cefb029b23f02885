"""An act killed between two of its steps is done once or not at all; a stalled process that wakes changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from services.identity.domain.acts import ActName, PendingAct, Receipt, SettledAct
from services.identity.errors import AlreadyFounded, UsernameTaken
from services.identity.use_cases.drive_on import STOPPED_AFTER
from services.runtime.errors import BeingChanged, DependencyUnavailable
from tests.storage.identity.conftest import Store

LATER = STOPPED_AFTER.total_seconds() + 1


class Killed(BaseException):
    """The process is gone."""


def _killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture
def organisation(store: Store) -> str:
    return store.do_found()


def _begun(store: Store, organisation: str) -> PendingAct:
    act = store.a_new_person(organisation)
    store.acts.prepare(act)
    return act


def test_killed_before_the_ledger_nothing_of_it_happened(store: Store, organisation: str) -> None:
    act = _begun(store, organisation)
    store.clock.move(LATER)
    assert store.drive_on() == 1
    assert store.parties.person(act.subject.id) is None
    assert store.count("pending_act") == 0
    # And it never will: the stalled process wakes now.
    with pytest.raises(BeingChanged):
        store.steps.drive(act, is_ours=True)
    assert store.parties.person(act.subject.id) is None
    assert act.subject not in store.ledger.standings


def test_killed_after_the_ledger_all_of_it_happens(store: Store, organisation: str) -> None:
    act = _begun(store, organisation)
    store.ledger.loses_answers = 1
    with pytest.raises(DependencyUnavailable):
        store.steps.drive(act, is_ours=True)
    assert store.parties.person(act.subject.id) is None
    store.clock.move(LATER)
    assert store.drive_on() == 1
    stored = store.parties.person(act.subject.id)
    assert stored is not None
    assert stored.digest == store.ledger.standings[act.subject]
    # The stalled process wakes, and gets the same answer.
    settled = store.acts.find(act.name)
    assert isinstance(settled, SettledAct)
    assert store.steps.drive(act, is_ours=True) == settled.outcome
    assert store.count("outbox") == 4


def test_killed_in_the_last_step_all_of_it_happens(
    store: Store, organisation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = _begun(store, organisation)
    with monkeypatch.context() as patched:
        patched.setattr(type(store.acts), "settle", _killed)
        with pytest.raises(Killed):
            store.steps.drive(act, is_ours=True)
    store.clock.move(LATER)
    assert store.drive_on() == 1
    assert store.parties.person(act.subject.id) is not None


def test_a_change_of_standing_is_remembered_as_long_as_the_ledger_remembers_it(store: Store, organisation: str) -> None:
    """Else the same press a day later would meet the ledger's old receipt, and settle bytes that it never took."""
    act = _begun(store, organisation)
    store.steps.drive(act, is_ours=True)
    store.acts.forget_before(store.clock.now() + STOPPED_AFTER)
    assert isinstance(store.acts.find(act.name), SettledAct)


def test_an_act_in_flight_is_left_alone(store: Store, organisation: str) -> None:
    _begun(store, organisation)
    assert store.drive_on() == 0
    assert store.count("pending_act") == 1


def test_while_the_ledger_is_down_everything_waits(store: Store, organisation: str) -> None:
    _begun(store, organisation)
    store.clock.move(LATER)
    store.ledger.is_down = True
    assert store.drive_on() == 0
    assert store.count("pending_act") == 1


def test_one_act_a_subject(store: Store, organisation: str) -> None:
    first = _begun(store, organisation)
    second = store.a_new_person(organisation, subject=first.subject)
    with pytest.raises(BeingChanged):
        store.acts.prepare(second)


def test_a_user_name_waits_for_one(store: Store, organisation: str) -> None:
    act = store.a_new_person(organisation, "wanted")
    store.acts.prepare(act)
    with pytest.raises(UsernameTaken):
        store.acts.prepare(store.a_new_person(organisation, "wanted"))
    store.steps.drive(act, is_ours=True)
    with pytest.raises(UsernameTaken):
        store.acts.prepare(store.a_new_person(organisation, "wanted"))


def test_what_a_pending_row_holds_cannot_be_read_or_made_up(store: Store, organisation: str) -> None:
    act = _begun(store, organisation)
    with store.owner.begin() as connection:
        row = connection.execute(sa.text("SELECT * FROM pending_act")).one()
        assert b"example.org" not in bytes(row.sealed)
        assert b"token" not in bytes(row.sealed)
        connection.execute(sa.text("UPDATE pending_act SET subject_id = 'another'"))
    store.clock.move(LATER)
    assert store.drive_on() == 0
    assert store.parties.person(act.subject.id) is None


def test_the_token_is_gone_when_the_act_is_settled(store: Store, organisation: str) -> None:
    store.steps.drive(_begun(store, organisation), is_ours=True)
    assert store.count("pending_act") == 0
    with store.owner.connect() as connection:
        assert "token" not in str(connection.execute(sa.text("SELECT * FROM act")).all())


# The founding.


@pytest.mark.parametrize("when", ["before the ledger", "answer lost", "before it is settled"])
def test_a_founding_that_was_killed_goes_on(store: Store, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
        "before the ledger": lambda patched: patched.setattr(type(store.ledger), "enter", _killed),
        "answer lost": lambda _: setattr(store.ledger, "loses_answers", 1),
        "before it is settled": lambda patched: patched.setattr(type(store.acts), "settle", _killed),
    }
    with monkeypatch.context() as patched:
        breaks[when](patched)
        with pytest.raises((Killed, DependencyUnavailable)):
            store.do_found()
    assert store.parties.service() is None
    organisation = store.do_found()
    assert store.parties.organisation(organisation) is not None
    assert len(store.ledger.standings) == 4
    assert store.outbox.deliver() == 2


def test_a_second_founding_changes_nothing(store: Store, organisation: str) -> None:
    with pytest.raises(AlreadyFounded):
        store.do_found()
    assert store.count("organisation") == 1
    assert store.count("outbox") == 2
    assert isinstance(store.acts.find(ActName("", "found", "00000000-0000-0000-0000-000000000001")), SettledAct)


def test_the_sweeper_finishes_a_founding_too(store: Store) -> None:
    store.ledger.loses_answers = 1
    with pytest.raises(DependencyUnavailable):
        store.do_found()
    store.clock.move(LATER)
    assert store.drive_on() == 1
    assert store.parties.service() is not None


def test_the_newest_receipt_is_kept_with_each_act(store: Store, organisation: str) -> None:
    act = _begun(store, organisation)
    outcome = store.steps.drive(act, is_ours=True)
    with store.owner.connect() as connection:
        kept = connection.execute(sa.text("SELECT index AS position, leaf FROM newest_receipt")).one()
    assert Receipt(index=kept.position, leaf=bytes(kept.leaf)) == outcome.receipt
