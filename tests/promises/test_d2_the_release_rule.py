"""D2: a key is released by the release rule alone, whoever asks; here it is asked with the directory's certificate."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.directory.v1 import directory_service_pb2 as directory
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import standing_pb2 as standing
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local.settlement.outside import new_key
from services.runtime.access import Exposure, every_role, permissions_of, whole_table
from services.runtime.tokens import LONGEST_LIFE_SECONDS
from tests.support.figures import RecordProperty
from tests.support.inside import Refused
from tests.support.signing import claims_of, fresh, taken_key
from tests.support.taken_directory import (
    HOME,
    IDENTITY,
    OPEN_HOME,
    REASON,
    SEARCH,
    SERVICES,
    TakenDirectory,
    taken,
)
from tests.support.town import Found, Seat, Town

pytestmark = [pytest.mark.promise("D2"), pytest.mark.timeout(600)]

SENSITIVE = 4


@dataclass
class Attacks:
    """What was tried, and what got a key that should have got none."""

    tried: int = 0
    released: list[str] = field(default_factory=list)

    def see(self, attack: str, given: tuple[int, str], *reasons: str) -> None:
        """Note one attack: it must have got no key, and have been refused for one of the reasons."""
        self.tried += 1
        keys, reason = given
        if keys:
            self.released.append(f"{attack}: {keys} keys")
        elif reasons and reason not in reasons:
            self.released.append(f"{attack}: refused as {reason or 'nothing'}")

    def show(self) -> str:
        """Return the figure."""
        assert not self.released, "\n".join(self.released)
        return f"{self.tried} attacks, 0 keys"


@pytest.fixture(scope="module")
def seat(town: Town) -> Seat:
    """Return a practitioner's seat for the looks of this module."""
    return town.newcomers_seat()


@pytest.fixture(scope="module")
def pair(town: Town, seat: Seat) -> tuple[Found, Found]:
    """Return two open children."""
    return town.new_child(seat), town.new_child(seat)


@pytest.fixture
def attacker(town: Town) -> Iterator[TakenDirectory]:
    """Return who has the directory's certificate."""
    with taken(town) as found:
        yield found


def test_a_token_opens_one_child_once(
    seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    seen, (first, second) = Attacks(), pair
    token = attacker.open_token(seat)
    keys, _ = attacker.keys(token, handle=first.handle)
    assert keys > 0
    seen.see("the same child again", attacker.keys(token, handle=first.handle), "TOKEN_SPENT")
    seen.see("a second child", attacker.keys(token, handle=second.handle), "TOKEN_SPENT")
    seen.see("a second child by number", attacker.keys(token, number=second.number), "TOKEN_SPENT")
    seen.see("the handle's own child by number", attacker.keys(token, number=first.number), "TOKEN_SPENT")
    refused = attacker.open_token(seat)
    seen.see("a section it is not for", attacker.keys(refused, handle=first.handle, section=HOME), "NOT_PERMITTED")
    seen.see("and then the right one", attacker.keys(refused, handle=first.handle), "TOKEN_SPENT")
    empty = attacker.open_token(seat)
    seen.see("nobody's number", attacker.keys(empty, number=1_000_000_009), "NOT_FOUND")
    seen.see("and then a child's", attacker.keys(empty, handle=first.handle), "TOKEN_SPENT")
    record_property("figure", f"replays: {seen.show()}")


def test_of_many_at_once_one_opens(
    town: Town, seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    token = attacker.open_token(seat)
    with ThreadPoolExecutor(20) as senders:
        given = list(senders.map(lambda n: attacker.keys(token, handle=pair[n % 2].handle), range(40)))
    opened = [keys for keys, _ in given if keys]
    assert len(opened) == 1
    record_property("figure", "1 of 40 at once opens")


def test_a_spent_token_stays_spent_when_the_ledger_starts_again(
    town: Town, seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    seen = Attacks()
    token = attacker.open_token(seat)
    assert attacker.keys(token, handle=pair[0].handle)[0]
    town.suite.process("audit.ledger").kill()
    town.suite.process("audit.ledger").wait_healthy()
    end = time.monotonic() + LONGEST_LIFE_SECONDS + 1
    tried = 0
    while time.monotonic() < end and tried < 20:
        given = attacker.keys(token, handle=pair[1].handle)
        # Until the channel has found the ledger again there is no answer at all.
        if given[1] not in {"", "DEPENDENCY_UNAVAILABLE"} or given[0]:
            seen.see("after a crash", given, "TOKEN_SPENT", "NOT_AUTHENTICATED")
            tried += 5
        time.sleep(0.1)
    assert tried
    # The others of the suite find it again too, before anybody else asks.
    _until_it_opens(town, seat, pair[0])
    record_property("figure", f"spent tokens after a crash: {seen.show()}")


def test_no_other_method_or_section(
    town: Town, seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    """Every exposed method's token, every section: signed by identity's own key, so that the method alone decides."""
    seen, key = Attacks(), taken_key(town.suite)
    true = claims_of(attacker.open_token(seat))
    opened = 0
    for said in (one for one in whole_table() if one.exposure is Exposure.EDGE):
        for section, name in ((IDENTITY, "IDENTITY"), (SERVICES, "SERVICES"), (HOME, "HOME"), (SENSITIVE, "SENSITIVE")):
            token = key.sign(fresh(true, mth=said.full_name))
            given = attacker.keys(token, handle=pair[0].handle, section=section)
            is_listed = f"SECTION_{name}" in said.sections and said.permission in permissions_of(str(true["rol"]))
            if is_listed and name != "IDENTITY":
                opened += 1
                assert given[0], (said.full_name, name)
            else:
                seen.see(f"{said.full_name} {name}", given)
    assert opened == 2
    for role in every_role():
        token = key.sign(fresh(true, rol=role))
        if "record.open" not in permissions_of(role):
            seen.see(role, attacker.keys(token, handle=pair[0].handle), "NOT_PERMITTED")
    record_property("figure", f"other methods, sections and roles: {seen.show()}")


def test_no_other_effect(
    town: Town, seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    """Every exposed method's token asks for every effect that the method does not list."""
    seen, key = Attacks(), taken_key(town.suite)
    true, source = claims_of(attacker.open_token(seat)), uuid.UUID(int=7).bytes
    effects: dict[str, dict[str, object]] = {
        "create_child": {
            "create_child": pb.CreateChildEffect(
                search_handle=os.urandom(64),
                criteria_digest=bytes(32),
                candidates=bytes(512),
                source=source,
                sections=[IDENTITY],
                authority="E08000035",
            )
        },
        "write_statements": {
            "write_statements": pb.WriteStatementsEffect(handle=pair[0].handle, section=SERVICES, source=source)
        },
        "close_child": {"close_child": pb.CloseChildEffect(handle=pair[0].handle)},
        "change_standing": {
            "change_standing": pb.ChangeStandingEffect(
                party=pb.Party(kind="person", id=str(true["sub"])), digest=bytes(32), change="ROLE_GRANTED"
            )
        },
        "end_sessions": {"end_sessions": pb.EndSessionsEffect(all=True)},
        "note": {"note": pb.NoteEffect(handle=pair[0].handle)},
    }
    for said in (one for one in whole_table() if one.exposure is Exposure.EDGE):
        for name, effect in effects.items():
            if name in said.effects and said.process == "directory":
                continue
            token = key.sign(fresh(true, mth=said.full_name))
            request = pb.EnterRequest(idempotency_key=new_key(), reason=REASON, **effect)  # type: ignore[arg-type]  # one of the oneof
            seen.see(
                f"{said.full_name} {name}", _entered(attacker, request, token), "NOT_PERMITTED", "NOT_AUTHENTICATED"
            )
    # Nor did anybody's session end by it.
    listed = seat.outside.call(seat.outside.sessions.ListSessions, identity.ListSessionsRequest())
    assert listed.sessions
    record_property("figure", f"other effects: {seen.show()}")


def test_nobody_elses_certificate(
    town: Town, seat: Seat, pair: tuple[Found, Found], record_property: RecordProperty
) -> None:
    seen = Attacks()
    for process in ("shielding", "identity", "audit.review", "gateway.edge", "audit.ledger"):
        with taken(town, process) as other:
            token = other.open_token(seat)
            seen.see(process, other.keys(token, handle=pair[0].handle), "NOT_PERMITTED", "NOT_AUTHENTICATED")
            claims = fresh(claims_of(token), aud=process)
            signed = taken_key(town.suite).sign(claims)
            seen.see(
                f"{process}, audience too",
                other.keys(signed, handle=pair[0].handle),
                "NOT_PERMITTED",
                "NOT_AUTHENTICATED",
            )
    record_property("figure", f"other certificates: {seen.show()}")


def test_no_stale_standing(town: Town, attacker: TakenDirectory, record_property: RecordProperty) -> None:
    """A token from before any change of person, organisation or session opens nothing after it."""
    seen = Attacks()
    organisation = town.new_organisation()
    organisation_id = town.cast.organisations[organisation]
    one = town.newcomers_seat(organisation)
    child = town.new_child(one)
    person = one.account.person_id
    changes: dict[str, Callable[[], object]] = {
        "a condition recorded": lambda: town.administer(
            "RecordCondition", person_id=person, training_valid_until=_in_days(300)
        ),
        "a role granted": lambda: town.administer(
            "GrantRole", person_id=person, role=access.ROLE_DATA_MANAGER, expires_at=_in_days(9), need="Holiday cover"
        ),
        "a role revoked": lambda: town.administer("RevokeRole", person_id=person, role=access.ROLE_DATA_MANAGER),
        "the accreditation renewed": lambda: town.administer(
            "ChangeAccreditation",
            organisation_id=organisation_id,
            state=standing.ACCREDITATION_STATE_LIVE,
            expires_at=_in_days(200),
        ),
        "suspended": lambda: town.administer("SuspendPerson", person_id=person),
    }
    for change, happens in changes.items():
        token = attacker.open_token(one)
        happens()
        seen.see(change, attacker.keys(token, handle=child.handle), "STANDING_CHANGED", "NOT_AUTHENTICATED")
    other = town.newcomers_seat()
    handle = town.handle(other, child.query)
    token = attacker.open_token(other)
    other.outside.call(other.outside.sessions.SignOut, identity.SignOutRequest(idempotency_key=new_key()))
    seen.see("signed out", attacker.keys(token, handle=handle), "NOT_AUTHENTICATED")
    record_property("figure", f"stale standings and sessions: {seen.show()}")


def test_no_standing_left_out(
    town: Town, seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    """Even well signed: a token that leaves out a standing, or brings another's, opens nothing."""
    seen, key = Attacks(), taken_key(town.suite)
    true = claims_of(attacker.open_token(seat))
    for left_out in true["std"]:
        rest = [one for one in true["std"] if one != left_out]
        seen.see(
            f"without {left_out[0]}",
            attacker.keys(key.sign(fresh(true, std=rest)), handle=pair[0].handle),
            "STANDING_CHANGED",
        )
        other = [*rest, [left_out[0], left_out[1], "0" * 64]]
        seen.see(
            f"false {left_out[0]}",
            attacker.keys(key.sign(fresh(true, std=other)), handle=pair[0].handle),
            "STANDING_CHANGED",
        )
    nobody = str(uuid.uuid4())
    for claim in ("sub", "sid", "org", "sys"):
        token = key.sign(fresh(true, **{claim: nobody}))
        seen.see(
            f"another {claim}", attacker.keys(token, handle=pair[0].handle), "STANDING_CHANGED", "NOT_AUTHENTICATED"
        )
    record_property("figure", f"standings left out or made up: {seen.show()}")


def test_a_limited_record_gives_no_more_than_its_limited_form(
    town: Town, seat: Seat, attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    seen, child = Attacks(), town.new_child(seat)
    born = child.query.date_of_birth
    assert born is not None
    by_year = replace(child.query, date_of_birth=None, year_of_birth=born.year)
    without_the_name = town.handle(seat, by_year)
    whole = town.handle(seat, child.query)
    home_before = town.token(seat, OPEN_HOME, b"")
    record_before = attacker.open_token(seat)
    town.shield(child.query)
    seen.see("home, a token from before", attacker.keys(home_before, handle=whole, section=HOME))
    seen.see("record, not found by the whole name", attacker.keys(record_before, handle=without_the_name), "NOT_FOUND")
    seen.see("by number", attacker.keys(attacker.open_token(seat), number=child.number), "NOT_FOUND")
    home = town.token(seat, OPEN_HOME, b"")
    seen.see("home by number", attacker.keys(home, number=child.number, section=HOME), "NOT_FOUND")
    request = pb.EnterLookRequest(number=child.number, reason=REASON, section=SERVICES, whole_current_name=True)
    token = attacker.open_token(seat)
    given = attacker.ask(attacker.ledger.EnterLook, request, token)
    seen.see(
        "by number, claiming the whole name", (len(given.keys), "NOT_FOUND" if given.not_found else ""), "NOT_FOUND"
    )
    answer = attacker.look(attacker.open_token(seat), handle=whole)
    assert answer.is_limited
    assert {one.section for one in answer.keys} <= {IDENTITY}
    for username in ("social.worker", "data.manager", "shield.officer"):
        other = town.seat(username)
        handle = town.handle(other, child.query)
        sections = {one.section for one in attacker.look(attacker.open_token(other), handle=handle).keys}
        seen.see(f"services, {username}", (len(sections - {IDENTITY}), ""))
        home = town.token(other, OPEN_HOME, b"")
        seen.see(f"home, {username}", attacker.keys(home, handle=handle, section=HOME))
    record_property("figure", f"limited records: {seen.show()}")


def test_no_old_version(
    town: Town, seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    """After each write the keys of what stood before are never given again."""
    seen, child, old = Attacks(), pair[1], set[bytes]()
    outside = seat.outside
    provider = outside.call(outside.providers.ListProviders, directory.ListProvidersRequest()).providers[0]
    started = outside.call(
        outside.directory.StartInvolvement,
        directory.StartInvolvementRequest(
            idempotency_key=new_key(),
            handle=child.handle,
            kind=directory.INVOLVEMENT_KIND_UNIVERSAL,
            provider_id=provider.provider_id,
            practitioner="Nia Newcomer",
            telephone="0113 496 0123",
        ),
    )
    own = uuid.UUID(town.cast.organisations[seat.account.organisation]).bytes
    for _ in range(4):
        answer = attacker.look(attacker.open_token(seat), handle=child.handle)
        newest = {(one.section, one.source): one for one in answer.keys}
        assert len(newest) == len(answer.keys)
        written = {one.key for one in answer.keys if one.section == SERVICES and one.source == own}
        seen.see("an old key", (len(old & written), ""))
        old |= written
        outside.call(
            outside.directory.ConfirmInvolvement,
            directory.ConfirmInvolvementRequest(
                idempotency_key=new_key(), handle=child.handle, involvement_id=started.involvement_id
            ),
        )
    assert len(old) == 4
    record_property("figure", f"old versions: {seen.show()}")


def test_no_other_handle(
    town: Town, seat: Seat, pair: tuple[Found, Found], attacker: TakenDirectory, record_property: RecordProperty
) -> None:
    """A handle is good in its session alone, and no bit of it may change."""
    seen, child = Attacks(), pair[0]
    other = town.seat("nurse")
    seen.see(
        "another session's",
        attacker.keys(attacker.open_token(seat), handle=town.handle(other, child.query)),
        "NOT_FOUND",
    )
    search = seat.outside.call(
        seat.outside.directory.SearchChildren,
        directory.SearchChildrenRequest(
            surname=child.query.surname, date_of_birth=directory.DateOfBirth(year=2015, month=5, day=1)
        ),
    )
    seen.see("a search's", attacker.keys(attacker.open_token(seat), handle=search.search_handle), "NOT_FOUND")
    seen.see("random", attacker.keys(attacker.open_token(seat), handle=os.urandom(64)), "NOT_FOUND")
    for at in range(0, 64, 4):
        flipped = bytes(byte ^ (1 << at % 8) if place == at else byte for place, byte in enumerate(child.handle))
        seen.see(f"byte {at} changed", attacker.keys(attacker.open_token(seat), handle=flipped), "NOT_FOUND")
    seen.see(
        "a search's token",
        attacker.keys(town.token(seat, SEARCH, b""), handle=child.handle),
        "NOT_PERMITTED",
        "NOT_AUTHENTICATED",
    )
    record_property("figure", f"handles: {seen.show()}")


def test_no_old_token(  # noqa: PLR0917  # one fixture a dependency
    town: Town,
    seat: Seat,
    pair: tuple[Found, Found],
    attacker: TakenDirectory,
    is_full: bool,
    record_property: RecordProperty,
) -> None:
    seen, key = Attacks(), taken_key(town.suite)
    true, now = claims_of(attacker.open_token(seat)), int(time.time())
    for age in (10, 11, 60, 3600, 86_400):
        token = key.sign(fresh(true, iat=now - age, exp=now - age + 10))
        seen.see(f"{age} s old", attacker.keys(token, handle=pair[0].handle), "NOT_AUTHENTICATED")
    if is_full:
        token = attacker.open_token(seat)
        time.sleep(LONGEST_LIFE_SECONDS + 0.5)
        seen.see("waited for", attacker.keys(token, handle=pair[0].handle), "NOT_AUTHENTICATED")
    record_property("figure", f"old tokens: {seen.show()}")


def _entered(attacker: TakenDirectory, request: pb.EnterRequest, token: str) -> tuple[int, str]:
    try:
        answer = attacker.ask(attacker.ledger.Enter, request, token)
    except Refused as refused:
        return 0, refused.reason
    return len(answer.head_keys) + len(answer.pending_keys), "ENTERED"


def _until_it_opens(town: Town, seat: Seat, child: Found) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            request = directory.OpenRecordRequest(
                handle=child.handle, reason=directory.Reason(code=directory.REASON_CODE_SAFEGUARDING_CONCERN)
            )
            seat.outside.call(seat.outside.directory.OpenRecord, request)
        except Refused:
            assert time.monotonic() < end
            time.sleep(0.2)
        else:
            return


def _in_days(days: int) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(datetime.now(UTC) + timedelta(days=days))
    return made
