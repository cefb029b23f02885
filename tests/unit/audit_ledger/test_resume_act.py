"""A stopped act is driven on under its own name, or ended for ever."""

from __future__ import annotations

import dataclasses
import uuid

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.effects import ActEffect, Asked
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.effects.close_child import CloseChild
from services.audit.ledger.resumed_token import ResumedTokens
from services.audit.ledger.use_cases.enter import Enter
from services.audit.ledger.use_cases.resume_act import ResumeAct, Resumed
from services.runtime.errors import KeyReused, NotAuthenticated
from tests.fakes.audit_ledger import ENVIRONMENT, LEDGER, Ledger, Person
from tests.support.acts import SigningKey
from tests.unit.audit_ledger.conftest import last_entry

KEY = SigningKey()
SUSPEND, CLOSE = "identity:AdministrationService/SuspendPerson", "shielding:ShieldingService/ProposeShield"


@dataclasses.dataclass
class Stopped:
    """One act and its token, as the process that sent it keeps them."""

    ledger: Ledger
    who: Person
    method: str
    effect: ActEffect

    def __post_init__(self) -> None:
        self.call = self.ledger.call(self.who, self.method, "Enter")
        self.asked = Asked(idempotency_key=str(uuid.uuid4()), reason_code="", reason_text="", effect=self.effect)

    def enter(self) -> int:
        return Enter(writer=self.ledger.writer, rule=self.ledger.rule)(self.call, self.asked).receipt.index

    def resume(self, peer: str = "", **changed: object) -> Resumed:
        verify = ResumedTokens(keys=KEY, environment=ENVIRONMENT, clock=self.ledger.clock)
        resume = ResumeAct(writer=self.ledger.writer, log=self.ledger.log, rule=self.ledger.rule, verify=verify)
        token = dataclasses.replace(self.call.token, **changed)  # type: ignore[arg-type]  # as named
        return resume(KEY.sign(token), peer or self.call.peer, self.asked)


@pytest.fixture
def suspension(ledger: Ledger, nurse: Person) -> Stopped:
    change = ChangeStanding(
        party_kind="person",
        party_id=nurse.person,
        previous_digest=ledger.standings[("person", nurse.person)],
        digest=b"n" * 32,
        change="SUSPENDED",
        ends_sessions=True,
    )
    return Stopped(ledger, ledger.somebody("ROLE_AUDITOR"), SUSPEND, change)


def test_an_act_that_was_entered_is_as_it_is(suspension: Stopped) -> None:
    index = suspension.enter()
    suspension.ledger.clock.move(3600)
    resumed = suspension.resume()
    assert (resumed.state, resumed.receipt and resumed.receipt.index) == (ActState.DONE, index)


def test_an_act_that_was_planned_anew_from_an_older_standing_is_not_the_one_that_was_entered(
    suspension: Stopped,
) -> None:
    """A restored identity has forgotten the act, is asked again, and never hears that its key was reused."""
    index = suspension.enter()
    first = suspension.asked
    assert isinstance(suspension.effect, ChangeStanding)
    suspension.asked = dataclasses.replace(first, effect=dataclasses.replace(suspension.effect, digest=b"o" * 32))
    suspension.ledger.clock.move(3600)
    assert suspension.resume() == Resumed(None, ActState.NOT_DONE)
    # The act itself has happened, whatever stands since.
    suspension.asked = first
    resumed = suspension.resume()
    assert (resumed.state, resumed.receipt and resumed.receipt.index) == (ActState.DONE, index)


def test_an_act_in_time_is_entered(suspension: Stopped) -> None:
    assert suspension.resume().state is ActState.DONE


def test_an_act_out_of_time_is_ended_for_ever(suspension: Stopped) -> None:
    suspension.ledger.clock.move(11)
    for _ in range(2):
        assert suspension.resume() == Resumed(None, ActState.NOT_DONE)
    assert last_entry(suspension.ledger).draft.rule == "TOO_LATE"
    # Not even the stalled process itself brings it back.
    suspension.call = dataclasses.replace(
        suspension.call,
        token=dataclasses.replace(suspension.ledger.token(suspension.who, SUSPEND), req=suspension.call.token.req),
    )
    entered = Enter(writer=suspension.ledger.writer, rule=suspension.ledger.rule)(suspension.call, suspension.asked)
    assert entered.state is ActState.NOT_DONE


@pytest.mark.promise("S3")
@pytest.mark.parametrize("late, state", [(3590, ActState.DONE), (3700, ActState.NOT_DONE)])
def test_closing_holds_for_an_hour(ledger: Ledger, nurse: Person, late: int, state: ActState) -> None:
    number = ledger.create(nurse).number
    officer = ledger.somebody("ROLE_SHIELD_OFFICER")
    handle = ledger.look(officer, number=number).handle
    stopped = Stopped(ledger, officer, CLOSE, CloseChild(handle=handle, number=0, is_interim=True))
    ledger.clock.move(late)
    resumed = stopped.resume()
    assert (resumed.state, resumed.number) == (state, number if state is ActState.DONE else 0)
    assert (ledger.look(nurse, number=number).number == 0) == (state is ActState.DONE)


def test_who_brings_the_token_must_be_its_audience(suspension: Stopped) -> None:
    for peer in ("shielding", "directory"):
        with pytest.raises(NotAuthenticated):
            suspension.resume(peer)
    with pytest.raises(NotAuthenticated):
        suspension.resume(env="live")
    future = int(suspension.ledger.clock.now().timestamp()) + 60
    with pytest.raises(NotAuthenticated):
        suspension.resume(iat=future, exp=future + 10)
    suspension.enter()
    with pytest.raises(KeyReused):
        suspension.resume(req="0" * 64)


def test_garbage_is_no_token(suspension: Stopped) -> None:
    verify = ResumedTokens(keys=KEY, environment=ENVIRONMENT, clock=suspension.ledger.clock)
    good = KEY.sign(suspension.call.token)
    for text in ("", "a.b.c", "a", good[:-4] + "AAAA", SigningKey().sign(suspension.call.token), "..", f"{LEDGER}."):
        with pytest.raises(NotAuthenticated):
            verify(text, "identity")
