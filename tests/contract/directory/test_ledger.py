"""The ledger as the directory sees it: the fake, and the client that speaks to it over its real contract."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.directory.domain.naming import uuid_of
from services.directory.domain.statements import Section
from services.directory.errors import SearchNeeded, TokenSpent
from services.directory.ports import ActState, Ledger, OwnInvolvement, Settlements
from services.runtime.caller import Caller, acting_for
from services.runtime.errors import BeingChanged, KeyReused, LedgerBehind, NotFound
from tests.builders.directory import AUTHORITY, CONCERN, Person, Supplier, new_key
from tests.builders.directory_stack import Remote, remote_ledger
from tests.fakes.directory_ledger import FakeLedger
from tests.support.acts import SigningKey

EMPTY = bytes(512)
DIGEST = b"d" * 32
SOURCE = uuid.uuid4()


@dataclass
class Way:
    """One way to reach a fake ledger."""

    fake: FakeLedger
    ledger: Ledger
    settlements: Settlements
    keys: SigningKey
    remote: Remote | None = None

    def acting(self, who: Person | Supplier, method: str, request: bytes = b"") -> Caller:
        """Return the caller of one call, with a real token."""
        caller = who.call(method, request)
        assert caller.act is not None
        return replace(caller, token=self.keys.sign(caller.act))


@pytest.fixture(params=["fake", "remote"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    if request.param == "fake":
        fake = FakeLedger()
        yield Way(fake, fake, fake, SigningKey())
        return
    with remote_ledger(tmp_path) as remote:
        yield Way(remote.fake, remote.ledger, remote.settlements, remote.keys, remote)


@pytest.fixture
def nurse() -> Person:
    return Person()


def created(way: Way, who: Person, key: str = "", *, settles: bool = True) -> int:
    with acting_for(way.acting(who, "SearchChildren")):
        search = way.ledger.enter_search(EMPTY, criteria_digest=DIGEST, name_and_date_only=True, too_little=False)
    with acting_for(way.acting(who, "CreateChild")):
        entered = way.ledger.enter_creation(
            idempotency_key=key or new_key(),
            search_handle=search.search_handle,
            criteria_digest=DIGEST,
            candidates=EMPTY,
            source=SOURCE,
            sections=(Section.IDENTITY, Section.HOME),
            authority=AUTHORITY,
        )
    assert entered.state is ActState.PENDING
    assert [(key.section, key.version, key.source) for key in entered.pending_keys] == [
        (Section.IDENTITY, 1, SOURCE),
        (Section.HOME, 1, SOURCE),
    ]
    assert [key.version for key in entered.head_keys] == [0, 0]
    if settles:
        assert way.settlements.settle(entered.act_id, is_done=True) is ActState.DONE
    return entered.number


def looked_handle(way: Way, who: Person, number: int) -> bytes:
    with acting_for(way.acting(who, "OpenRecord")):
        return way.ledger.enter_look_by_number(number, CONCERN, Section.SERVICES, whole_current_name=False).handle


def test_a_search_says_who_may_be_shown(way: Way, nurse: Person) -> None:
    numbers = [created(way, nurse) for _ in range(3)]
    way.fake.limit(numbers[1])
    slots = b"".join(number.to_bytes(5, "big") + bytes((1, 0, 0)) for number in numbers).ljust(512, b"\0")
    with acting_for(way.acting(nurse, "SearchChildren")):
        entered = way.ledger.enter_search(slots, criteria_digest=DIGEST, name_and_date_only=True, too_little=False)
    assert [(one.position, one.is_limited) for one in entered.shown] == [(0, False), (2, False)]
    assert {len(one.handle) for one in entered.shown} == {64}


def test_a_look_gives_number_keys_and_a_fresh_handle(way: Way, nurse: Person) -> None:
    number = created(way, nurse)
    handle = looked_handle(way, nurse, number)
    with acting_for(way.acting(nurse, "OpenHome")):
        look = way.ledger.enter_look(handle, CONCERN, Section.HOME)
    assert (look.is_found, look.number, look.is_limited) == (True, number, False)
    assert [(key.section, key.source, key.version, len(key.key)) for key in look.keys] == [
        (Section.HOME, SOURCE, 1, 32)
    ]


def test_a_look_at_nothing_is_entered(way: Way, nurse: Person) -> None:
    before = len(way.fake.entries)
    with acting_for(way.acting(nurse, "OpenRecord")):
        assert not way.ledger.enter_look(bytes(64), CONCERN, Section.SERVICES).is_found
    assert len(way.fake.entries) == before + 1


def test_a_token_looks_once(way: Way, nurse: Person) -> None:
    with acting_for(way.acting(nurse, "OpenRecord")):
        way.ledger.enter_look(bytes(64), CONCERN, Section.SERVICES)
        with pytest.raises(TokenSpent):
            way.ledger.enter_look(bytes(64), CONCERN, Section.SERVICES)


def test_a_creation_needs_its_search(way: Way, nurse: Person) -> None:
    with acting_for(way.acting(nurse, "CreateChild")), pytest.raises(SearchNeeded):
        way.ledger.enter_creation(
            idempotency_key=new_key(),
            search_handle=bytes(64),
            criteria_digest=DIGEST,
            candidates=EMPTY,
            source=SOURCE,
            sections=(Section.IDENTITY,),
            authority=AUTHORITY,
        )


def test_an_act_is_the_same_in_every_retry_and_other_bytes_are_refused(way: Way, nurse: Person) -> None:
    key, handle = new_key(), looked_handle(way, nurse, created(way, nurse))

    def write(request: bytes = b"") -> tuple[bytes, ActState, int]:
        with acting_for(way.acting(nurse, "StartInvolvement", request)):
            entered = way.ledger.enter_statements(
                idempotency_key=key,
                handle=handle,
                section=Section.SERVICES,
                source=nurse.organisation,
                own_involvement=OwnInvolvement.STARTS,
            )
        return entered.act_id, entered.state, entered.receipt.index

    one = write()
    # Others write meanwhile, so that the retry's receipt is an old one.
    created(way, Person())
    assert write() == one
    with pytest.raises(KeyReused):
        write(b"other")
    assert one[0] in way.settlements.unsettled_acts()
    assert way.settlements.settle(one[0], is_done=True) is ActState.DONE
    # The first word holds.
    assert way.settlements.settle(one[0], is_done=False) is ActState.DONE
    assert write() == (one[0], ActState.DONE, one[2])


def test_one_write_at_a_time_and_none_behind_a_shield(way: Way, nurse: Person) -> None:
    number = created(way, nurse)
    handle = looked_handle(way, nurse, number)

    def write() -> None:
        with acting_for(way.acting(nurse, "StartInvolvement")):
            way.ledger.enter_statements(
                idempotency_key=new_key(),
                handle=handle,
                section=Section.SERVICES,
                source=SOURCE,
                own_involvement=OwnInvolvement.AS_BEFORE,
            )

    write()
    with pytest.raises(BeingChanged):
        write()
    way.fake.limit(number)
    with pytest.raises(NotFound):
        write()


def test_own_involvements_follow_the_acts_on_them(way: Way, nurse: Person) -> None:
    number = created(way, nurse)

    def acted(method: str, own: OwnInvolvement, involvement: UUID | None = None) -> bytes:
        handle = looked_handle(way, nurse, number)
        with acting_for(way.acting(nurse, method)):
            entered = way.ledger.enter_statements(
                idempotency_key=new_key(),
                handle=handle,
                section=Section.SERVICES,
                source=nurse.organisation,
                own_involvement=own,
                involvement_id=involvement,
            )
        assert way.settlements.settle(entered.act_id, is_done=True) is ActState.DONE
        return entered.act_id

    def own() -> list[tuple[int, UUID, bool]]:
        soon = datetime.now(UTC) + timedelta(days=400)
        with acting_for(way.acting(nurse, "ListOwnChildren")):
            page = way.ledger.enter_own_children(due_before=soon, page_token=b"")
        with acting_for(way.acting(nurse, "CountOwnChildren")):
            assert way.ledger.count_own_involvements(due_before=soon) == page.count
        assert page.count.total == len(page.children)
        return [(one.number, one.involvement_id, one.is_due) for one in page.children]

    assert own() == []
    involvement = uuid_of(acted("StartInvolvement", OwnInvolvement.STARTS), "involvement")
    assert own() == [(number, involvement, True)]
    acted("ConfirmInvolvement", OwnInvolvement.AS_BEFORE, involvement)
    assert own() == [(number, involvement, True)]
    with acting_for(way.acting(nurse, "OpenRecord")):
        look = way.ledger.enter_look_by_number(number, CONCERN, Section.SERVICES, whole_current_name=False)
    assert look.own_involvements == {involvement}
    acted("EndInvolvement", OwnInvolvement.ENDS, involvement)
    assert own() == []


def test_a_batch_gets_numbers_and_keys_in_its_order(way: Way) -> None:
    supplier, key = Supplier(), new_key()
    with acting_for(way.acting(supplier, "SupplyRows")):
        entered = way.ledger.enter_intake(
            idempotency_key=key,
            source=SOURCE,
            children=[((Section.IDENTITY,), AUTHORITY), ((Section.IDENTITY, Section.SERVICES), AUTHORITY)],
        )
    assert [len(child.keys) for child in entered.children] == [1, 2]
    assert entered.children[0].number != entered.children[1].number


def test_a_note_is_done_when_it_is_entered(way: Way) -> None:
    with acting_for(way.acting(Person(role="ROLE_DATA_MANAGER"), "RegisterProvider")):
        assert way.ledger.enter_note(idempotency_key=new_key()).state is ActState.DONE


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Way]:
    with remote_ledger(tmp_path) as found:
        yield Way(found.fake, found.ledger, found.settlements, found.keys, found)


@pytest.mark.promise("S5")
def test_a_ledger_that_forgot_what_we_hold_is_refused(remote: Way, nurse: Person) -> None:
    number = created(remote, nurse)
    handle = looked_handle(remote, nurse, number)
    for _ in range(3):
        looked_handle(remote, nurse, number)
    # It is restored from a copy that ends earlier.
    del remote.fake.entries[3:]
    for method, section in (("OpenRecord", Section.SERVICES), ("OpenHome", Section.HOME)):
        with acting_for(remote.acting(nurse, method)), pytest.raises(LedgerBehind):
            remote.ledger.enter_look(handle, CONCERN, section)
    with acting_for(remote.acting(nurse, "SearchChildren")), pytest.raises(LedgerBehind):
        remote.ledger.enter_search(EMPTY, criteria_digest=DIGEST, name_and_date_only=True, too_little=False)


@pytest.mark.promise("S5")
def test_an_act_that_we_did_not_see_begin_is_not_gone_on_with_from_an_old_receipt(remote: Way, nurse: Person) -> None:
    number = created(remote, nurse)
    handle, key = looked_handle(remote, nurse, number), new_key()

    def write() -> ActState:
        with acting_for(remote.acting(nurse, "StartInvolvement")):
            return remote.ledger.enter_statements(
                idempotency_key=key,
                handle=handle,
                section=Section.SERVICES,
                source=SOURCE,
                own_involvement=OwnInvolvement.AS_BEFORE,
            ).state

    assert write() is ActState.PENDING
    looked_handle(remote, nurse, number)
    # The same process goes on with it; one that started since does not.
    assert write() is ActState.PENDING
    remote.ledger._acts._entries.clear()  # type: ignore[attr-defined]
    with pytest.raises(BeingChanged):
        write()
