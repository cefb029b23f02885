"""I3: whichever condition lapses, the very next call is refused; nothing that was true a moment ago is believed."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger
from contactpoint.directory.v1 import directory_service_pb2 as directory
from contactpoint.identity.v1 import standing_pb2 as standing
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.settlement.inhabitants import ADMINISTRATOR
from deploy.local.settlement.outside import new_key
from services.runtime.interceptors.limits import ACT_KEY, CHANNEL_KEY
from tests.support.figures import RecordProperty
from tests.support.inside import Refused
from tests.support.raw_calls import raw_call
from tests.support.signing import claims_of, fresh, taken_key
from tests.support.stopping import stop_service, stopped
from tests.support.taken_directory import OPEN_RECORD, taken
from tests.support.town import Found, Seat, Town

pytestmark = [pytest.mark.promise("I3"), pytest.mark.timeout(300)]

REASON = directory.Reason(code=directory.REASON_CODE_SAFEGUARDING_CONCERN)
RECORD_CONDITION = "/contactpoint.identity.v1.AdministrationService/RecordCondition"
YEARS_3 = timedelta(days=3 * 366)


def in_(**wait: float) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(**wait))
    return made


@dataclass
class Caller:
    """Somebody who opens the same record again and again, while a condition lapses."""

    seat: Seat
    handle: bytes
    answers: list[tuple[float, bool]] = field(default_factory=list)
    """When a call began, and whether it was answered."""

    def open_it(self) -> bool:
        """Return whether the record opens."""
        begun_at = time.monotonic()
        request = directory.OpenRecordRequest(handle=self.handle, reason=REASON)
        try:
            self.seat.outside.call(self.seat.outside.directory.OpenRecord, request)
        except Refused:
            opened = False
        else:
            opened = True
        self.answers.append((begun_at, opened))
        return opened

    def begun_after(self, moment: float) -> list[bool]:
        """Return whether they were answered, of the calls that began after a moment."""
        return [opened for begun_at, opened in self.answers if begun_at >= moment]

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Keep calling in the block, from two threads."""
        stop = threading.Event()

        def call() -> None:
            while not stop.is_set():
                self.open_it()

        threads = [threading.Thread(target=call) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def lapses_of_a_person() -> dict[str, Callable[[Town, str], object]]:
    """Return how each of a person's conditions is taken away, by an administrator's act."""

    def records(**fact: object) -> Callable[[Town, str], object]:
        return lambda town, person: town.administer("RecordCondition", person_id=person, **fact)

    return {
        "check": records(checked_at=in_(days=-YEARS_3.days)),
        "barred list": records(is_barred_list_clear=False),
        "training": records(training_valid_until=in_(seconds=-1)),
        "sponsorship": records(sponsored_until=in_(seconds=-1)),
        "suspension": lambda town, person: town.administer("SuspendPerson", person_id=person),
        "grant revoked": lambda town, person: town.administer(
            "RevokeRole", person_id=person, role=access.ROLE_PRACTITIONER
        ),
    }


@pytest.mark.parametrize("condition", lapses_of_a_person())
def test_a_persons_condition_is_judged_on_the_next_call(
    condition: str, town: Town, record_property: RecordProperty
) -> None:
    caller, _ = _caller(town)
    lapses = lapses_of_a_person()[condition]
    stale = _stale(town, caller, lambda: lapses(town, caller.seat.account.person_id))
    record_property("figure", f"{condition}: {stale} stale of {len(caller.answers)} calls")


@pytest.mark.parametrize("state", ["SUSPENDED", "WITHDRAWN", "SHIELDING_ONLY", "expired"])
def test_an_organisations_accreditation_is_judged_on_the_next_call(
    state: str, town: Town, record_property: RecordProperty
) -> None:
    organisation = town.new_organisation()
    caller, _ = _caller(town, organisation)
    value = standing.AccreditationState.Value(f"ACCREDITATION_STATE_{'LIVE' if state == 'expired' else state}")
    stale = _stale(
        town,
        caller,
        lambda: town.administer(
            "ChangeAccreditation",
            organisation_id=town.cast.organisations[organisation],
            state=value,
            expires_at=in_(seconds=-1) if state == "expired" else in_(days=9),
        ),
    )
    record_property("figure", f"accreditation {state.lower()}: {stale} stale of {len(caller.answers)} calls")


def test_nobody_gets_further_once_the_service_is_stopped(town: Town, record_property: RecordProperty) -> None:
    caller, _ = _caller(town)
    with stopped(town):
        stale = _stale(town, caller, lambda: stop_service(town))
    record_property("figure", f"service stopped: {stale} stale of {len(caller.answers)} calls")


def test_a_new_policy_is_judged_on_the_next_call(town: Town, record_property: RecordProperty) -> None:
    """There is no RPC for it yet: identity's certificate and key make the act that one will make."""
    caller, _ = _caller(town)
    before = bytes(town.suite.psql("identity", "SELECT bytes FROM standing WHERE party_kind = 'service'")[0][0])
    after = standing.ServiceStanding.FromString(before)
    after.policy_version += 1
    after.revision += 1
    try:
        stale = _stale(town, caller, lambda: _change_service(town, before, after.SerializeToString(deterministic=True)))
    finally:
        now = bytes(town.suite.psql("identity", "SELECT bytes FROM standing WHERE party_kind = 'service'")[0][0])
        if now != before:
            _change_service(town, now, before)
    record_property("figure", f"policy: {stale} stale of {len(caller.answers)} calls")


def test_what_ends_by_itself_ends_on_the_next_call(town: Town, record_property: RecordProperty) -> None:
    """No act, no nightly job: the moment passes, and the next call is refused."""
    seconds = 4.0
    organisation = town.new_organisation()
    callers = {name: _caller(town)[0] for name in ("check", "training", "sponsorship", "grant")} | {
        "accreditation": _caller(town, organisation)[0]
    }

    def person(name: str) -> str:
        return callers[name].seat.account.person_id

    end = in_(seconds=seconds)
    ends_at = time.monotonic() + seconds
    made = Timestamp()
    # Three calendar years back, from the same day and time: what the rule counts.
    now = datetime.now(UTC) + timedelta(seconds=seconds)
    made.FromDatetime(now.replace(year=now.year - 3) if (now.month, now.day) != (2, 29) else now - timedelta(days=1096))
    town.administer("RecordCondition", person_id=person("check"), checked_at=made)
    town.administer("RecordCondition", person_id=person("training"), training_valid_until=end)
    town.administer("RecordCondition", person_id=person("sponsorship"), sponsored_until=end)
    town.administer(
        "GrantRole", person_id=person("grant"), role=access.ROLE_PRACTITIONER, expires_at=end, need="One more day"
    )
    town.administer(
        "ChangeAccreditation",
        organisation_id=town.cast.organisations[organisation],
        state=standing.ACCREDITATION_STATE_LIVE,
        expires_at=end,
    )
    opened = {name: caller.open_it() for name, caller in callers.items()}
    assert time.monotonic() < ends_at, "too slow to see both sides"
    assert all(opened.values()), opened
    time.sleep(max(0.0, ends_at - time.monotonic()) + 0.02)
    stale = [name for name, caller in callers.items() if caller.open_it()]
    assert not stale
    record_property("figure", f"{len(callers)} conditions that end by themselves: 0 stale")


def test_whoever_mends_it_lets_the_person_sign_in_again(town: Town) -> None:
    """The refusal is no lock: it was the condition, and the condition alone."""
    caller, child = _caller(town)
    person = caller.seat.account.person_id
    town.administer("RecordCondition", person_id=person, is_barred_list_clear=False)
    assert not caller.open_it()
    with pytest.raises(Refused) as refused:
        town.new_seat(caller.seat.account.username)
    assert refused.value.reason == "CONDITION_LAPSED_BARRED_LIST"
    town.administer("RecordCondition", person_id=person, is_barred_list_clear=True)
    assert not caller.open_it(), "the old session ended with the condition"
    again = town.new_seat(caller.seat.account.username)
    assert Caller(again, town.handle(again, child.query)).open_it()


def _caller(town: Town, organisation: str = "Leeds Community Health") -> tuple[Caller, Found]:
    seat = town.newcomers_seat(organisation)
    child = town.new_child(seat)
    return Caller(seat, child.handle), child


def _stale(town: Town, caller: Caller, lapse: Callable[[], object]) -> int:
    """Return how many calls begun after the lapse's return were answered; fails unless none was, nor an older token."""
    assert caller.open_it()
    request = directory.OpenRecordRequest(handle=caller.handle, reason=REASON).SerializeToString()
    earlier = town.token(caller.seat, OPEN_RECORD, request)
    bare = town.token(caller.seat, OPEN_RECORD, b"")
    with caller.calling():
        time.sleep(0.05)
        lapse()
        lapsed_at = time.monotonic()
        while len(caller.begun_after(lapsed_at)) < 2 and time.monotonic() < lapsed_at + 5:
            time.sleep(0.05)
    # Tokens made before it, at the service's port and, by a directory taken over, at the ledger's.
    with town.inside.channel("directory", as_process="gateway.edge") as channel:
        metadata = ((ACT_KEY, earlier), (CHANNEL_KEY, caller.seat.thumbprint))
        assert not raw_call(channel, OPEN_RECORD, request, metadata).is_ok
    with taken(town) as attacker:
        assert attacker.keys(bare, handle=caller.handle)[0] == 0
    assert not caller.open_it()
    after = caller.begun_after(lapsed_at)
    assert len(after) > 1
    assert not any(after)
    return sum(after)


def _change_service(town: Town, before: bytes, after: bytes) -> None:
    """Enter a new standing of the service, as identity would, and store it."""
    true = claims_of(town.token(town.seat(ADMINISTRATOR), RECORD_CONDITION, b"")) if _is_open(town) else _last[0]
    _last[:] = [true]
    digest = hashlib.sha256(before).hexdigest()
    newest = [[kind, party, digest if kind == "service" else said] for kind, party, said in true["std"]]
    change = ledger.ChangeStandingEffect(
        party=ledger.Party(kind="service", id="synthetic"),
        previous_digest=hashlib.sha256(before).digest(),
        digest=hashlib.sha256(after).digest(),
        change="SERVICE_CHANGED",
    )
    with taken(town, "identity") as identity:
        token = taken_key(town.suite).sign(fresh(true, std=newest, mth=RECORD_CONDITION))
        request = ledger.EnterRequest(idempotency_key=new_key(), change_standing=change)
        identity.ask(identity.ledger.Enter, request, token)
    town.suite.psql("identity", "UPDATE standing SET bytes = %s WHERE party_kind = 'service'", after)


# What the administrator's token said last: while a newer policy waits for everybody there is none to be had.
_last: list[dict[str, Any]] = []


def _is_open(town: Town) -> bool:
    row = town.suite.psql("identity", "SELECT bytes FROM standing WHERE party_kind = 'service'")[0][0]
    found = standing.ServiceStanding.FromString(bytes(row))
    return found.policy_version == 1
