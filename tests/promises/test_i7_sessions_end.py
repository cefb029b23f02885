"""I7: a session lasts twelve hours at most, fifteen minutes without use, and not a moment after it was ended."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.settlement.outside import new_key
from services.identity.config import driver_url, session_limits
from services.identity.errors import SessionEnded
from services.identity.ports import Refusal
from services.identity.sealing import Seals
from services.identity.storage.sessions import SqlSessions
from services.identity.storage.token_keys import SqlTokenKeys
from services.identity.use_cases.authorise import Asked, Authorise
from services.runtime.access import whole_table
from services.runtime.clock import SystemClock
from services.runtime.database import engine_of
from services.runtime.errors import NotPermitted, ServiceError
from tests.support.acts import SetClock
from tests.support.figures import RecordProperty
from tests.support.inside import Refused
from tests.support.signing import claims_of
from tests.support.taken_directory import OPEN_RECORD, taken
from tests.support.town import Seat, Town

pytestmark = [pytest.mark.promise("I7"), pytest.mark.timeout(300)]

IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=12)
LIST_SESSIONS = "/contactpoint.identity.v1.SessionService/ListSessions"
FORBIDDEN = "/contactpoint.identity.v1.AdministrationService/GrantRole"


@dataclass
class NoLedger:
    """Keeps what would be entered; nothing here needs an answer of the log."""

    refused: list[Refusal] = field(default_factory=list)

    def enter_refusal(self, refusal: Refusal) -> None:
        """Keep it."""
        self.refused.append(refusal)

    def count(self, act: str, rule: str) -> None:
        """Keep it, of callers nobody knows."""
        self.refused.append(Refusal(act=act, rule=rule))


@dataclass
class Judge:
    """Identity's own judgement over its own database, under a clock that a test moves."""

    authorise: Authorise
    clock: SetClock
    seat: Seat

    def after(self, wait: timedelta = timedelta(0), method: str = LIST_SESSIONS) -> str:
        """Return how a call ends that comes so much later: "" if it may be made."""
        self.clock.move(wait.total_seconds())
        asked = Asked(
            session=self.seat.outside.session,
            method=method,
            request_digest=bytes(32),
            channel=self.seat.thumbprint,
            system=self.seat.system,
        )
        try:
            self.authorise(asked, "a" * 64)
        except ServiceError as refused:
            return refused.reason
        return ""


@pytest.fixture(scope="module")
def make_judge(town: Town) -> Iterator[Callable[[], Judge]]:
    """Return what makes a judge, and a newcomer's session for it to judge."""
    config = town.suite.config("identity")
    seals = Seals(Path(str(config["root_secret"])).read_bytes())
    engine = engine_of(driver_url(town.suite.database_url("identity")), pool_size=4)
    keys = SqlTokenKeys(engine=engine, seals=seals, clock=SystemClock())
    keys.refresh()

    def made() -> Judge:
        seat, log, clock = town.newcomers_seat(), NoLedger(), SetClock()
        authorise = Authorise(
            sessions=SqlSessions(
                engine=engine,
                quick=engine.execution_options(isolation_level="AUTOCOMMIT"),
                seals=seals,
                environment="synthetic",
            ),
            ledger=log,  # type: ignore[arg-type]  # refusals are all that is entered here
            refusals=log,
            signer=SetClockSigner(),
            table=whole_table(),
            environment="synthetic",
            limits=session_limits(Path(str(config["limits"]))),
            clock=clock,
        )
        return Judge(authorise, clock, seat)

    yield made
    engine.dispose()


class SetClockSigner:
    """Signs nothing: a key of today is no key of tomorrow, and it is the judgement that is asked for."""

    def sign(self, act: Any) -> str:
        """Return a text in a token's place."""
        return secrets.token_hex(4)


def test_a_session_idles_away(make_judge: Callable[[], Judge], record_property: RecordProperty) -> None:
    judge = make_judge()
    assert judge.after() == ""
    for _ in range(4):
        assert judge.after(IDLE - timedelta(seconds=20)) == ""
    assert judge.after(IDLE) == SessionEnded.reason
    # Ended is ended, also for a clock that goes back.
    assert judge.after(-IDLE) == SessionEnded.reason
    record_property("figure", "ends after 15 min idle")


def test_a_session_ends_after_twelve_hours_of_use(
    make_judge: Callable[[], Judge], record_property: RecordProperty
) -> None:
    judge, step = make_judge(), timedelta(minutes=14)
    lasted = timedelta(0)
    while judge.after(step) == "":
        lasted += step
        assert lasted < LONGEST
    assert LONGEST - step <= lasted + timedelta(seconds=5)
    record_property("figure", f"ends within {step.seconds // 60} min before 12 h of use")


def test_the_last_second_counts(make_judge: Callable[[], Judge]) -> None:
    judge = make_judge()
    for _ in range(51):
        assert judge.after(timedelta(minutes=14)) == ""
    # 11 h 54 min: the last of the twelve hours, to the second.
    assert judge.after(timedelta(minutes=5, seconds=50)) == ""
    assert judge.after(timedelta(seconds=15)) == SessionEnded.reason


def test_a_refused_call_keeps_nothing_alive(make_judge: Callable[[], Judge], record_property: RecordProperty) -> None:
    judge = make_judge()
    assert judge.after() == ""
    assert judge.after(timedelta(minutes=14), FORBIDDEN) == NotPermitted.reason
    assert judge.after(timedelta(minutes=2)) == SessionEnded.reason
    record_property("figure", "refused calls extend nothing")


def test_other_calls_with_the_handle_keep_nothing_alive(make_judge: Callable[[], Judge]) -> None:
    """Through another channel, or another organisation's system: refused, and the session grows no younger."""
    judge = make_judge()
    seat = judge.seat
    judge.clock.move(14 * 60)
    for channel, system in (("b" * 64, seat.system), (seat.thumbprint, new_key())):
        asked = Asked(
            session=seat.outside.session, method=LIST_SESSIONS, request_digest=bytes(32), channel=channel, system=system
        )
        with pytest.raises(ServiceError):
            judge.authorise(asked, "a" * 64)
    assert judge.after(timedelta(minutes=2)) == SessionEnded.reason


def test_the_file_of_limits_is_what_is_promised(town: Town) -> None:
    limits = session_limits(Path(str(town.suite.config("identity")["limits"])))
    assert (limits.idle, limits.longest, limits.token_seconds) == (IDLE, LONGEST, 10)


def test_the_ledger_counts_the_twelve_hours_for_itself(town: Town) -> None:
    """Whatever identity's rows say: the sign-in's entry is what starts the clock."""
    seat = town.newcomers_seat()
    town.suite.psql(
        "identity",
        "UPDATE session SET expires_at = now() + interval '10 years' WHERE tag = %s",
        seat.outside.session_tag,
    )
    said = claims_of(town.token(seat, LIST_SESSIONS, b""))
    assert said["exp"] - said["iat"] <= 10


def test_sign_out_ends_this_session_and_no_other(town: Town, record_property: RecordProperty) -> None:
    account = town.newcomer()
    one, other = town.new_seat(account.username), town.new_seat(account.username)
    token = town.token(one, OPEN_RECORD, b"")
    _call(one, "SignOut")
    assert _reason(one) == "SESSION_ENDED"
    assert _reason(other) == ""
    with taken(town) as attacker:
        assert attacker.keys(token, number=1_000_000_009) == (0, "NOT_AUTHENTICATED")
    record_property("figure", "sign-out: the next call, and a token from before it, refused")


def test_one_named_session_ends_and_so_do_all(town: Town, record_property: RecordProperty) -> None:
    account = town.newcomer()
    one, other, third = (town.new_seat(account.username) for _ in range(3))
    stranger = town.newcomers_seat()
    with pytest.raises(Refused):
        _call(stranger, "EndSessions", session_tags=[one.outside.session_tag])
    assert _reason(one) == "", "nobody ends another's session"
    _call(one, "EndSessions", session_tags=[other.outside.session_tag])
    assert [_reason(seat) for seat in (one, other, third)] == ["", "SESSION_ENDED", ""]
    _call(third, "EndSessions", all=True)
    assert [_reason(seat) for seat in (one, other, third)] == ["SESSION_ENDED"] * 3
    assert _reason(stranger) == ""
    record_property("figure", "revocable one and all")


def test_an_ended_session_does_not_come_back_in_the_database(town: Town) -> None:
    """Not even by the pen: the ledger has ended it too."""
    seat = town.newcomers_seat()
    child = town.new_child(seat)
    _call(seat, "SignOut")
    town.suite.psql("identity", "UPDATE session SET ended_at = NULL WHERE tag = %s", seat.outside.session_tag)
    with pytest.raises(Refused):
        town.handle(seat, child.query)


def _call(seat: Seat, name: str, **said: Any) -> None:
    request = getattr(identity, f"{name}Request")(idempotency_key=new_key(), **said)
    seat.outside.call(getattr(seat.outside.sessions, name), request)


def _reason(seat: Seat) -> str:
    try:
        seat.outside.call(seat.outside.sessions.ListSessions, identity.ListSessionsRequest())
    except Refused as refused:
        return refused.reason
    return ""
