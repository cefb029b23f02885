"""D5: no call shows more than twenty children; the day's ceilings hold where the key is, whoever crawls and however."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2 as standing

from deploy.local.population.child import Child, Precision
from deploy.local.population.generate import Population
from deploy.local.population.story_searches import exact
from deploy.local.settlement.outside import Account, Outside, new_key, open_channel
from deploy.local.settlement.scenarios import search_request
from deploy.local.settlement.supplying import SEED
from services.runtime.access import Exposure, whole_table
from services.runtime.peers import peer_of_certificate
from tests.support.figures import RecordProperty
from tests.support.inside import Refused
from tests.support.living import start_living
from tests.support.taken_directory import HOME, OPEN_HOME, SEARCH, shown_in, taken
from tests.support.town import Seat, Town

pytestmark = [pytest.mark.promise("D5"), pytest.mark.timeout(300)]

CHILDREN = 300
PERSON, SYSTEM, ORGANISATION, SERVICE = 5, 30, 40, 60
ROWS, HOMES = 30, 3
LIMITS = {
    "ceilings.person.opened": PERSON,
    "ceilings.person.rows": ROWS,
    "ceilings.person.homes": HOMES,
    "ceilings.system.opened": SYSTEM,
    "ceilings.organisation.opened": ORGANISATION,
    "ceilings.service.opened": SERVICE,
}
CONCERN = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)


@dataclass
class Crawl:
    """What a set of accounts got."""

    opened: list[bytes] = field(default_factory=list)
    rows: int = 0
    largest: int = 0


@dataclass
class Woods:
    """A suite with small ceilings, and the children to crawl for."""

    town: Town
    children: Iterator[Child]
    numbers: list[int] = field(default_factory=list)
    claimed: int = 0
    """Children whom somebody claimed to work with: each counts once, as if it had been opened."""

    def find(self, seat: Seat) -> bytes:
        """Return a handle for a child that nobody has opened; raises Refused."""
        while True:
            child = next(self.children, None)
            assert child is not None, "everybody has been opened"
            found = seat.outside.call(seat.outside.directory.SearchChildren, search_request(exact(child)))
            if len(found.rows) == 1:
                return bytes(found.rows[0].handle)

    def crawl(self, seats: Sequence[Seat], *, by_the_ledgers_port: bool = False) -> Crawl:
        """Return what these accounts open until each is refused for its ceiling."""
        got = Crawl()
        with taken(self.town) as attacker:
            for seat in seats:
                try:
                    while True:
                        handle = self.find(seat)
                        got.rows += 1
                        if by_the_ledgers_port:
                            token = attacker.open_token(seat)
                            answer = attacker.look(token, handle=handle)
                            assert answer.keys
                            self.numbers.append(answer.number)
                        else:
                            request = pb.OpenRecordRequest(handle=handle, reason=CONCERN)
                            record = seat.outside.call(seat.outside.directory.OpenRecord, request)
                            self.numbers.append(int(record.number))
                        got.opened.append(handle)
                except Refused as refused:
                    assert refused.reason == "CEILING_REACHED", refused  # noqa: PT017  # any other ends the crawl wrongly
        return got


@pytest.fixture(scope="module")
def woods() -> Iterator[Woods]:
    """Return a suite of its own: the whole service's ceiling would stop everybody else's."""
    folder = Path(tempfile.mkdtemp(prefix="contactpoint-"))
    living = start_living(folder / "suite", children=CHILDREN, limits=LIMITS)
    try:
        population = Population(seed=SEED, children=CHILDREN, today=living.story.today)
        alike = Counter(one.name for one in population)
        # Whom a search shows alone: rows have a ceiling of their own.
        yield Woods(
            Town(living),
            (
                one
                for one in population
                if alike[one.name] == 1 and one.name.given_names and one.precision is Precision.DAY
            ),
        )
    finally:
        living.suite.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def colluders(woods: Woods, is_full: bool) -> tuple[str, list[Account]]:
    """Return an organisation all of whose people crawl."""
    organisation = woods.town.new_organisation()
    return organisation, woods.town.newcomers(20 if is_full else 10, organisation)


def test_a_crawler_who_claims_to_work_with_every_child(woods: Woods, record_property: RecordProperty) -> None:
    """Own involvements do not count; whoever claims one for the sake of a look is stopped all the same."""
    seat, opened = woods.town.newcomers_seat(), 0
    call, service = seat.outside.call, seat.outside.directory
    provider = call(seat.outside.providers.ListProviders, pb.ListProvidersRequest()).providers[0]
    try:
        for _ in range(2 * PERSON):
            handle = woods.find(seat)
            started = pb.StartInvolvementRequest(
                idempotency_key=new_key(),
                handle=handle,
                kind=pb.INVOLVEMENT_KIND_UNIVERSAL,
                provider_id=provider.provider_id,
                practitioner="Nia Newcomer",
                telephone="0113 496 0123",
            )
            call(service.StartInvolvement, started)
            call(service.OpenRecord, pb.OpenRecordRequest(handle=handle, reason=CONCERN))
            opened += 1
    except Refused as refused:
        assert refused.reason == "CEILING_REACHED"  # noqa: PT017  # any other ends the crawl wrongly
    assert 0 < opened <= PERSON
    woods.claimed = opened
    record_property("figure", f"claiming to work with each: {opened} of at most {PERSON}")


def test_one_account(woods: Woods, colluders: tuple[str, list[Account]], record_property: RecordProperty) -> None:
    town = woods.town
    seat = town.new_seat(colluders[1][0].username)
    got = woods.crawl([seat])
    assert len(got.opened) == PERSON
    # A new session, and a ledger that has been killed, are no new day.
    assert woods.crawl([town.new_seat(seat.account.username)]).opened == []
    town.suite.process("audit.ledger").kill()
    town.suite.process("audit.ledger").wait_healthy()
    _until_answered(seat)
    assert woods.crawl([seat]).opened == []
    assert woods.crawl([town.new_seat(seat.account.username)], by_the_ledgers_port=True).opened == []
    record_property("figure", f"one account: {len(got.opened)} of at most {PERSON}, no more after a restart")


def test_twenty_colluding_accounts_and_a_directory_taken_over(
    woods: Woods, colluders: tuple[str, list[Account]], record_property: RecordProperty
) -> None:
    """Their own tokens, at the ledger's port with the directory's certificate: what no edge sees is counted too."""
    seats = [woods.town.new_seat(account.username) for account in colluders[1]]
    got = woods.crawl(seats, by_the_ledgers_port=True)
    # The one account of before is among them.
    assert PERSON + len(got.opened) == SYSTEM
    record_property("figure", f"{len(seats)} colluding, directory taken over: {SYSTEM} of at most {SYSTEM} a system")


def test_another_system_of_the_same_organisation(
    woods: Woods, colluders: tuple[str, list[Account]], record_property: RecordProperty
) -> None:
    """A second, stolen, system certificate brings them to the organisation's ceiling and no further."""
    seats = _through_another_system(woods.town, *colluders)
    got = woods.crawl(seats)
    assert SYSTEM + len(got.opened) == ORGANISATION
    assert woods.crawl(_through_another_system(woods.town, *colluders)).opened == []
    record_property("figure", f"stolen system certificates: {ORGANISATION} of at most {ORGANISATION} an organisation")


def test_another_organisation(woods: Woods, record_property: RecordProperty) -> None:
    """The whole service's ceiling stops whoever comes next, a stranger included."""
    organisation = woods.town.new_organisation()
    people = woods.town.newcomers(5, organisation)
    got = woods.crawl([woods.town.new_seat(account.username) for account in people])
    assert woods.claimed + ORGANISATION + len(got.opened) == SERVICE
    assert woods.crawl([woods.town.seat("constable")]).opened == []
    record_property("figure", f"everybody: {SERVICE} of at most {SERVICE} the whole service")


def test_rows(woods: Woods, record_property: RecordProperty) -> None:
    """Searches alone: what is shown in rows has a ceiling of its own, made-up candidates included."""
    town, shown = woods.town, 0
    seat = town.newcomers_seat()
    numbers = list(dict.fromkeys(woods.numbers))[:21]
    assert len(numbers) == 21
    with taken(town) as attacker:
        too_many = attacker.search(town.token(seat, SEARCH, b""), numbers)
        assert too_many.add_details
        assert shown_in(too_many) == []
        for size in (20, 10, 1, 1):
            try:
                answer = attacker.search(town.token(seat, SEARCH, b""), numbers[:size])
            except Refused as refused:
                assert refused.reason == "CEILING_REACHED"  # noqa: PT017  # any other would be wrong
            else:
                assert len(shown_in(answer)) <= 20
                shown += len(shown_in(answer))
    assert shown == ROWS
    record_property("figure", f"rows by a directory taken over: {shown} of at most {ROWS}, 20 at once")


def test_homes(woods: Woods, record_property: RecordProperty) -> None:
    town, opened = woods.town, 0
    seat = town.newcomers_seat()
    handle = woods.find(seat)
    with taken(town) as attacker:
        for _ in range(HOMES + 2):
            keys, reason = attacker.keys(town.token(seat, OPEN_HOME, b""), handle=handle, section=HOME)
            opened += bool(keys)
            assert keys or reason == "CEILING_REACHED"
    assert opened == HOMES
    record_property("figure", f"homes: {opened} of at most {HOMES}")


def test_no_contract_allows_more_than_twenty() -> None:
    for said in whole_table():
        if said.exposure is Exposure.EDGE:
            assert said.children_disclosed <= 20, said.full_name


def _through_another_system(town: Town, organisation: str, accounts: Sequence[Account]) -> list[Seat]:
    """Return new sessions of people through one more registered system of their organisation."""
    system = uuid.uuid4()
    town.administer(
        "RegisterSystem",
        system_id=str(system),
        organisation_id=town.cast.organisations[organisation],
        purpose=standing.SYSTEM_PURPOSE_CHANNEL,
        name="Stolen system",
    )
    issued = town.suite.issue_system_certificate(system, f"stolen {system}")
    peer = peer_of_certificate(issued.certificate.read_bytes(), environment="synthetic")
    seats = []
    for account in accounts:
        channel = open_channel(town.suite.endpoints()["edge"], town.suite.ca, issued.certificate, issued.private_key)
        seat = Seat(account, Outside(channel), peer.thumbprint, str(system))
        town.give_codes_back(account)
        seat.outside.sign_in(account)
        seats.append(seat)
    return seats


def _until_answered(seat: Seat) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            request = pb.ListProvidersRequest()
            seat.outside.call(seat.outside.providers.ListProviders, request)
            seat.outside.call(seat.outside.directory.SearchChildren, pb.SearchChildrenRequest(surname="A"))
        except Refused as refused:
            if refused.status != "UNAVAILABLE":
                return
        time.sleep(0.1)
