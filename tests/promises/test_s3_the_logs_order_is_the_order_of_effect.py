"""S3: answers numbered after a shield, suspension or revocation obey it; calls begun after its return come after."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.directory.v1 import directory_service_pb2_grpc as directory_rpc
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.population.child import Child
from deploy.local.settlement.outside import Refused, new_key
from services.audit.ledger.domain.entry import ChildLimited, StandingChanged
from tests.support.crowd import CONCERN, OPEN_HOME, OPEN_RECORD, SEARCH, Crowd, Told, handle_of, tell, whole_name
from tests.support.doomed import Doomed, doomed_town
from tests.support.log_book import LogBook
from tests.support.town import Seat

IMPOSE = "/contactpoint.shielding.v1.ShieldingService/ImposeInterimShield"
TRUST = "Leeds Community Health"
LOOKERS = 3
THREADS_EACH = 3
PAUSE_SECONDS = 0.25
# Longer than the sweeper takes to drive a case on: it waits ten seconds, and looks every five.
SWEPT_WITHIN_SECONDS = 30.0
# As long as an act may take here, and a little more.
ACT_SECONDS = 0.25


@dataclass(frozen=True)
class Change:
    """A shield, suspension or revocation: its entry, and when its call began and returned."""

    kind: str
    index: int
    began: float
    returned: float
    child: Child | None = None
    person: str = ""


@pytest.fixture
def doomed(pytestconfig: pytest.Config) -> Doomed:
    return doomed_town(pytestconfig)


@pytest.fixture
def officer(doomed: Doomed) -> Seat:
    """Somebody who may hide a child at once."""
    return doomed.town.seat("social.worker")


# histories under load -------------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
@pytest.mark.parametrize("redis_is", ["up", "down", "flushed"])
def test_recorded_histories(
    doomed: Doomed, officer: Seat, redis_is: str, is_full: bool, record_property: Callable[[str, object], None]
) -> None:
    told: list[Told] = []
    changes: list[Change] = []
    for _ in range(4 if is_full else 1):
        with _redis(doomed, redis_is) as disturb:
            heard, done = _history(doomed, officer, disturb)
        told += heard
        changes += done
    answered = [one for one in told if one.answer is not None]
    faults = list(itertools.chain(_disobedient(answered, changes), _misnumbered(answered, changes)))
    assert not faults, f"{len(faults)} exceptions, such as: {faults[0]}"
    faults = list(_not_in_the_log(doomed, answered, changes))
    assert not faults, f"{len(faults)} answers differ from the log, such as: {faults[0]}"
    # The history says something: there were answers of both kinds around every change.
    for change in changes:
        concerned = [one for one in answered if _concerns(one, change)]
        assert any(one.index < change.index for one in concerned), change
        if change.child is not None:
            assert any(one.index > change.index for one in concerned), change
    record_property(
        "figure", f"Redis {redis_is}: {len(answered)} answers amid {len(changes)} changes of state, 0 exceptions"
    )


def _history(doomed: Doomed, officer: Seat, disturb: Callable[[], None]) -> tuple[list[Told], list[Change]]:
    """Return what three people were told of two children while these were shielded, and two lost their right."""
    town = doomed.town
    seats = [town.newcomers_seat(TRUST) for _ in range(LOOKERS)]
    children = [doomed.next_child() for _ in range(2)]
    handles = {child.key: handle_of(officer.outside, child) for child in children}
    crowd = Crowd()
    for seat in seats:
        for _ in range(THREADS_EACH):
            crowd.does(_looks(seat, children))
    crowd.wait_until(lambda told: sum(one.answer is not None for one in told) > LOOKERS * THREADS_EACH)
    changes: list[Change] = []
    steps: tuple[Callable[[], Change], ...] = (
        lambda: _shield(officer, children[0], handles[children[0].key]),
        lambda: _revoke(town.seat("user.administrator"), seats[1]),
        lambda: _suspend(town.seat("auditor"), seats[0]),
        lambda: _shield(officer, children[1], handles[children[1].key]),
    )
    for step in steps:
        time.sleep(PAUSE_SECONDS)
        changes.append(step())
        disturb()
    time.sleep(PAUSE_SECONDS)
    return crowd.disperse(), changes


def _looks(seat: Seat, children: Sequence[Child]) -> Callable[[], Iterator[Told]]:
    """Return what one thread of one person does again and again: search in two ways, open, go to the home."""
    outside, person = seat.outside, seat.account.person_id
    chosen = random.Random()  # no secret
    known: dict[int, bytes] = {}

    def looks() -> Iterator[Told]:
        child = chosen.choice(children)
        found = tell(outside, person, SEARCH, whole_name(child), about=child)
        yield found
        if found.answer is not None and found.answer.rows:
            known[child.key] = found.answer.rows[0].handle
        yield tell(
            outside, person, SEARCH, whole_name(child, postcode=child.address.postcode or "LS1 1AA"), about=child
        )
        handle = known.get(child.key)
        if handle:
            yield tell(outside, person, OPEN_RECORD, pb.OpenRecordRequest(handle=handle, reason=CONCERN), about=child)
            yield tell(outside, person, OPEN_HOME, pb.OpenHomeRequest(handle=handle, reason=CONCERN), about=child)

    return looks


def _shield(officer: Seat, child: Child, handle: bytes) -> Change:
    request = shielding.ImposeInterimShieldRequest(
        idempotency_key=new_key(), handle=handle, ground=shielding.GROUND_DOMESTIC_ABUSE
    )
    began = time.monotonic()
    answer = officer.outside.call(officer.outside.shielding.ImposeInterimShield, request)
    return Change("shield", answer.receipt.index, began, time.monotonic(), child=child)


def _suspend(auditor: Seat, whom: Seat) -> Change:
    person = whom.account.person_id
    request = identity.SuspendPersonRequest(idempotency_key=new_key(), person_id=person)
    began = time.monotonic()
    answer = auditor.outside.call(auditor.outside.administration.SuspendPerson, request)
    return Change("suspension", answer.receipt.index, began, time.monotonic(), person=person)


def _revoke(administrator: Seat, whom: Seat) -> Change:
    person = whom.account.person_id
    request = identity.RevokeRoleRequest(
        idempotency_key=new_key(), person_id=person, role=access.Role.Value(whom.account.roles[0])
    )
    began = time.monotonic()
    answer = administrator.outside.call(administrator.outside.administration.RevokeRole, request)
    return Change("revocation", answer.receipt.index, began, time.monotonic(), person=person)


@contextmanager
def _redis(doomed: Doomed, state: str) -> Iterator[Callable[[], None]]:
    """Yield what disturbs Redis after each change."""
    valkey = doomed.suite.process("valkey")
    if state == "down":
        valkey.stop()
    try:
        yield (lambda: _flush(doomed)) if state == "flushed" else (lambda: None)
    finally:
        if state == "down":
            valkey.start()


def _flush(doomed: Doomed) -> None:
    client: redis.Redis = redis.Redis.from_url(doomed.suite.redis_url)
    client.flushall()
    client.close()


# what a history is held against ---------------------------------------------------------------------------------------


def _concerns(told: Told, change: Change) -> bool:
    return told.about is change.child if change.child is not None else told.person == change.person


def _disobedient(answered: Sequence[Told], changes: Sequence[Change]) -> Iterator[str]:
    """Say which answers were numbered after a change and do not obey it."""
    for change, one in itertools.product(changes, answered):
        if not _concerns(one, change) or one.index < change.index:
            continue
        if change.child is None:
            yield f"{one.method} was answered at {one.index} after the {change.kind} at {change.index}"
        elif shows_more_than_limited(one):
            yield f"{one.method} at {one.index} shows what was hidden at {change.index}"


def _misnumbered(answered: Sequence[Told], changes: Sequence[Change]) -> Iterator[str]:
    """Say which calls began after a change had returned and stand before it in the log."""
    for change, one in itertools.product(changes, answered):
        if one.began > change.returned and one.index < change.index:
            yield f"{one.method} began after the {change.kind} at {change.index} had returned, and is {one.index}"


def shows_more_than_limited(told: Told) -> bool:
    """Whether an answer shows a child, or a part of it, that a limited record does not show."""
    answer = told.answer
    if told.method == SEARCH:
        ours = [row for row in answer.rows if told.about is not None and _is_row_of(row, told.about)]
        return any(not row.is_limited for row in ours)
    if told.method == OPEN_HOME:
        return answer.HasField("address") or bool(answer.carers) or not answer.is_limited
    hidden = (
        answer.former_names or answer.involvements or answer.HasField("education") or answer.HasField("gp_practice")
    )
    return bool(hidden) or not answer.is_limited


def _is_row_of(row: Any, child: Child) -> bool:
    return bool(row.name.full.surname == child.name.surname and row.name.full.given_names == child.name.given_names)


def _not_in_the_log(doomed: Doomed, answered: Sequence[Told], changes: Sequence[Change]) -> Iterator[str]:
    """Say what the log itself tells otherwise than the receipts: who, what, about whom, and in which order."""
    log = LogBook(doomed.suite).read({*(one.index for one in answered), *(change.index for change in changes)})
    limited_at: Mapping[str, type] = {
        "shield": ChildLimited,
        "suspension": StandingChanged,
        "revocation": StandingChanged,
    }
    for change in changes:
        effect = log[change.index].entry.draft.effect
        if not isinstance(effect, limited_at[change.kind]):
            yield f"no {change.kind} at {change.index}"
        elif isinstance(effect, StandingChanged) and effect.party_id != change.person:
            yield f"another's {change.kind} at {change.index}"
    for one in answered:
        found = log.get(one.index)
        if found is None or found.leaf != one.answer.receipt.leaf:
            yield f"{one.method} at {one.index} is not there"
        elif (found.entry.draft.act, found.entry.draft.person) != (one.method, one.person):
            yield f"{one.method} at {one.index} is another's"


# tokens that were made before -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [_suspend, _revoke], ids=["suspended", "revoked"])
def test_a_token_from_before_is_worth_nothing(doomed: Doomed, change: Callable[[Seat, Seat], Change]) -> None:
    """The edge may have asked, and the call may be on its way: what counts is when the ledger enters it."""
    town = doomed.town
    seat, child = town.newcomers_seat(TRUST), doomed.next_child()
    handle = handle_of(seat.outside, child)
    requests = [
        pb.OpenRecordRequest(handle=handle, reason=CONCERN),
        pb.OpenRecordRequest(handle=handle, reason=CONCERN),
    ]
    before, after = (town.token(seat, OPEN_RECORD, request) for request in requests)
    assert _with_token(doomed, requests[0], before) == ""
    change(town.seat("auditor" if change is _suspend else "user.administrator"), seat)
    # The edge is told to ask anew; what it then gets is a refusal. A session that ended with it is no session.
    assert _with_token(doomed, requests[1], after) in {"STANDING_CHANGED", "NOT_AUTHENTICATED"}


def test_a_token_from_before_is_worth_nothing_in_a_session_that_goes_on(doomed: Doomed) -> None:
    """Who keeps one role keeps the session, and still has nothing from a token that rests on the standing of before."""
    town = doomed.town
    administrator = town.seat("national.administrator").outside
    seat, child = town.newcomers_seat(TRUST), doomed.next_child()
    handle = handle_of(seat.outside, child)
    expires_at = Timestamp()
    expires_at.FromDatetime(datetime.now(UTC) + timedelta(days=30))
    second_role = identity.GrantRoleRequest(
        idempotency_key=new_key(),
        person_id=seat.account.person_id,
        role=access.ROLE_PROTECTION_PRACTITIONER,
        expires_at=expires_at,
        need="Works with children in the area",
    )
    administrator.call(administrator.administration.GrantRole, second_role)
    request = pb.OpenRecordRequest(handle=handle, reason=CONCERN)
    token = town.token(seat, OPEN_RECORD, request)
    _revoke(town.seat("user.administrator"), seat)
    assert _with_token(doomed, request, token) == "STANDING_CHANGED"
    # The other role is still good.
    assert seat.outside.call(seat.outside.directory.OpenRecord, request).number


def test_a_token_from_before_shows_a_shielded_child_as_it_is_now(doomed: Doomed, officer: Seat) -> None:
    town = doomed.town
    seat, child = town.seat("nurse"), doomed.next_child()
    handle = handle_of(seat.outside, child)
    request = pb.OpenRecordRequest(handle=handle, reason=CONCERN)
    token = town.token(seat, OPEN_RECORD, request)
    _shield(officer, child, handle_of(officer.outside, child))
    with town.inside.channel("directory", as_process="gateway.edge") as channel:
        stub = directory_rpc.DirectoryServiceStub(channel)
        answer = town.inside.call(stub.OpenRecord, request, metadata=(("contactpoint-act", token),))
    assert not shows_more_than_limited(Told(OPEN_RECORD, "", 0, 0, answer=answer, about=child))


def _with_token(doomed: Doomed, request: pb.OpenRecordRequest, token: str) -> str:
    with doomed.town.inside.channel("directory", as_process="gateway.edge") as channel:
        stub = directory_rpc.DirectoryServiceStub(channel)
        try:
            doomed.town.inside.call(stub.OpenRecord, request, metadata=(("contactpoint-act", token),))
        except Refused as refused:
            return refused.reason or refused.status
    return ""


# crashes between the commits ------------------------------------------------------------------------------------------


@pytest.mark.timeout(600)
def test_shielding_killed_between_its_steps(
    doomed: Doomed, officer: Seat, is_full: bool, record_property: Callable[[str, object], None]
) -> None:
    rounds = 20 if is_full else 3
    shielding_process = doomed.suite.process("shielding")
    size = LogBook(doomed.suite).size()
    cases_before = doomed.suite.psql("shielding", "SELECT count(*) FROM shield_case")[0][0]
    crashed = []
    for place in range(rounds):
        child = doomed.next_child()
        seen = tell(officer.outside, "", SEARCH, whole_name(child), about=child).answer
        key = new_key()
        with ThreadPoolExecutor(1) as caller:
            asked = caller.submit(_impose, officer, seen.rows[0].handle, key)
            # From before the first step until after the last.
            time.sleep(ACT_SECONDS * ((place + 1) / rounds) ** 3)
            shielding_process.kill()
            crashed.append((child, asked.result() == ""))
        # Without the supervisor's growing patience with what dies again and again.
        shielding_process.start()
        while _impose(officer, os.urandom(64), new_key()) == "DEPENDENCY_UNAVAILABLE":
            time.sleep(0.05)
    end = time.monotonic() + SWEPT_WITHIN_SECONDS
    while doomed.suite.psql("shielding", "SELECT count(*) FROM pending_step")[0][0]:
        assert time.monotonic() < end, "a case is left between two steps"
        time.sleep(0.2)
    cases = doomed.suite.psql("shielding", "SELECT count(*) FROM shield_case")[0][0]
    closed = {
        number
        for found in LogBook(doomed.suite).after(size - 1).values()
        if isinstance(found.entry.draft.effect, ChildLimited)
        for number in found.children
    }
    assert closed or not is_full, "every kill came before the first step"
    # No child is closed without an officer's list having the case, and no case is there whose child is open.
    assert int(str(cases)) - int(str(cases_before)) == len(closed)
    seat = doomed.town.seat("nurse")
    for child, was_told in crashed:
        request = pb.OpenRecordRequest(handle=handle_of(seat.outside, child), reason=CONCERN)
        record = tell(seat.outside, seat.account.person_id, OPEN_RECORD, request, about=child)
        is_closed = int(record.answer.number) in closed
        # The record is as the log says, whoever died; and what the officer was told is so.
        assert record.answer.is_limited is is_closed
        assert is_closed or not was_told
    record_property("figure", f"{rounds} kills of shielding amid its steps: {len(closed)} closed, none left half done")


def _impose(officer: Seat, handle: bytes, key: str) -> str:
    """Return how an interim shield was refused, "" if it stands."""
    request = shielding.ImposeInterimShieldRequest(
        idempotency_key=key, handle=handle, ground=shielding.GROUND_DOMESTIC_ABUSE
    )
    try:
        officer.outside.call(officer.outside.shielding.ImposeInterimShield, request, seconds=2.0)
    except Refused as refused:
        return refused.reason or refused.status
    return ""
