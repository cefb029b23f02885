"""Identity's check of a restored copy, held against the ledger's own code: the same loss, and who may return."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

import pytest

from services.audit.ledger.domain.entry import NO_STANDING, StandingChanged
from services.audit.ledger.effects.accept_loss import AcceptLoss
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.use_cases import list_standing_changes
from services.identity import standing_format
from services.identity.clients.logged_standings import RemoteLoggedStandings
from services.identity.domain import losses
from services.identity.domain.acts import Receipt
from services.identity.domain.losses import Loss, Losses
from services.identity.domain.standing import Party, PersonStanding, ServiceStanding, Standing
from services.identity.restore_ports import Returned
from services.identity.use_cases.check_store import CheckStore
from services.identity.use_cases.mend_store import MendedStore, MendStore
from services.runtime.channels import PeerChannel
from services.runtime.errors import BeingChanged, ServiceError
from tests.fakes.audit_ledger import ENVIRONMENT, Ledger, in_memory
from tests.support.killable import Fate, Killed, Wire, die
from tests.unit.audit_ledger.conftest import last_entry

pytestmark = [pytest.mark.promise("I8"), pytest.mark.promise("S5")]
ORGANISATION = str(uuid.UUID(int=1))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADD = "identity:AdministrationService/AddPerson"


@dataclass
class Held:
    """The standings of a restored identity."""

    stored: dict[Party, bytes] = field(default_factory=dict)

    def digests(self, parties: Collection[Party]) -> Mapping[Party, bytes]:
        return {one: standing_format.digest(self.stored[one]) for one in parties if one in self.stored}

    def standing(self, party: Party, digest: bytes) -> Standing:
        if standing_format.digest(self.stored[party]) != digest:
            raise BeingChanged
        return standing_format.read(party, self.stored[party])

    def put_back(self, returned: Returned, receipt: Receipt | None) -> None:
        del receipt
        if returned.content:
            self.stored[returned.lost.party] = returned.content


@dataclass
class Restored:
    """An identity that lost what it did after a copy, and the ledger that knows of it."""

    ledger: Ledger
    held: Held = field(default_factory=Held)
    fate: Fate = field(default_factory=Fate)

    def __post_init__(self) -> None:
        self.logged = RemoteLoggedStandings(cast("PeerChannel", Wire(self.ledger, self.fate, "identity")))
        # The custodians' own standings are no business of these tests.
        self.custodians = [self.ledger.somebody("ROLE_CUSTODIAN") for _ in range(2)]
        self.start = self.ledger.writer.published().size

    def change(self, standing: Standing, *, is_held: bool) -> None:
        """Let the ledger know a standing of a party, and the copy hold it too, or not."""
        content, party = standing_format.write(standing), standing.party
        change = ChangeStanding(
            party_kind=party.kind,
            party_id=party.id,
            previous_digest=self.ledger.standings.get(tuple(party), b""),  # type: ignore[arg-type]  # a pair it is
            digest=standing_format.digest(content),
            change="ROLE_GRANTED",
            ends_sessions=False,
        )
        self.ledger.enter(self.ledger.founder(), change, method=ADD)
        self.ledger.standings[party.kind, party.id] = change.digest
        if is_held:
            self.held.stored[party] = content

    def somebody(self, *, held: int, lost: int) -> PersonStanding:
        """Return the newest standing of somebody who changed so often before and after the moment."""
        standing = PersonStanding(person=str(uuid.uuid4()), organisation=ORGANISATION, username_digest=bytes(32))
        for at in range(held + lost):
            standing = replace(standing, revision=at + 1)
            self.change(standing, is_held=at < held)
            if at == held - 1:
                self.start = self.ledger.writer.published().size
        return standing

    def check(self) -> Losses:
        return CheckStore(logged=self.logged, held=self.held)(self.start).losses

    def loss(self) -> Loss:
        found = self.check().loss
        assert found is not None
        return found

    def accept(self, loss: Loss) -> None:
        for custodian in self.custodians:
            effect = AcceptLoss(lost_digest=loss.digest, lost_count=len(loss.changes))
            self.ledger.enter(custodian, effect, method="audit.review:CustodyService/AcceptLoss")

    def mend(self, loss: Loss) -> MendedStore:
        return MendStore(logged=self.logged, held=self.held)(loss)

    def newest(self, party: Party) -> bytes:
        """Return the digest that the ledger takes a party's tokens by."""
        listed = list_standing_changes.ListStandingChanges(writer=self.ledger.writer, log=self.ledger.log)
        page, said = listed(0), []
        while page.next_index <= page.size and page.changes:
            said += [one.effect for one in page.changes if (one.effect.party_kind, one.effect.party_id) == party]
            page = listed(page.next_index)
        return said[-1].digest


@pytest.fixture
def restored() -> Iterator[Restored]:
    ledger = in_memory()
    ledger.found()
    yield Restored(ledger)
    ledger.stop()


def refusal(restored: Restored, loss: Loss) -> str:
    with pytest.raises(ServiceError) as refused:
        restored.mend(loss)
    return refused.value.reason


def test_who_changed_since_is_lost_and_who_did_not_is_not(restored: Restored) -> None:
    restored.somebody(held=1, lost=0)
    out = restored.somebody(held=1, lost=2)
    (lost,) = restored.loss().standings
    assert (lost.party, len(lost.changes), lost.can_come_back) == (out.party, 2, True)


def test_nobody_comes_back_before_two_custodians_accept_exactly_this_loss(restored: Restored) -> None:
    out = restored.somebody(held=1, lost=1)
    stale = restored.loss()
    before = restored.newest(out.party)
    assert refusal(restored, stale) == "LOSS_NOT_ACCEPTED"
    effect = AcceptLoss(lost_digest=stale.digest, lost_count=1)
    for _ in range(2):
        restored.ledger.enter(restored.custodians[0], effect, method="audit.review:CustodyService/AcceptLoss")
    assert refusal(restored, stale) == "LOSS_NOT_ACCEPTED"
    restored.somebody(held=0, lost=1)
    restored.accept(stale)
    # What two have accepted is that loss, and not one that is as large by now.
    assert refusal(restored, restored.loss()) == "LOSS_NOT_ACCEPTED"
    assert restored.newest(out.party) == before


def test_a_standing_comes_back_as_another_and_never_as_it_was(restored: Restored) -> None:
    restored.somebody(held=2, lost=2)
    loss = restored.loss()
    restored.accept(loss)
    (party,) = (one.party for one in loss.standings)
    old = restored.held.stored[party]
    assert restored.mend(loss) == MendedStore(returned=1, voided=0)
    content = restored.held.stored[party]
    back = standing_format.read_person(party.id, content)
    # Above every revision that was given out.
    assert (back.is_suspended, back.revision) == (True, 5)
    assert restored.newest(party) == standing_format.digest(content) != standing_format.digest(old)
    assert (restored.check().loss, restored.check().mended) == (None, 1)
    effect = last_entry(restored.ledger).draft.effect
    assert isinstance(effect, StandingChanged)
    assert (effect.lost_digest, effect.held_digest) == (loss.digest, standing_format.digest(old))
    assert effect.ends_sessions
    # From here on it is a party like any other.
    restored.ledger.standings["person", party.id] = standing_format.digest(content)
    restored.change(replace(back, is_suspended=False, revision=6), is_held=True)
    assert restored.check().loss is None


def test_parts_and_pages_mean_the_same_loss(restored: Restored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_standing_changes, "MOST", 3)
    monkeypatch.setattr(losses, "MOST_IN_A_PART", 3)
    start = restored.start
    for _ in range(3):
        restored.somebody(held=1, lost=2)
        restored.somebody(held=0, lost=1)
    restored.start = start
    loss = restored.loss()
    assert len(loss.changes) == 9
    assert max(sum(len(one.changes) for one in part) for part in loss.parts) == 3
    assert len(loss.parts) > 2
    restored.accept(loss)
    assert restored.mend(loss) == MendedStore(returned=3, voided=3)
    assert (restored.check().loss, restored.check().mended) == (None, 6)


@pytest.mark.parametrize("point", ["after ReissueStandings", "before ReissueStandings"])
def test_a_mending_that_was_killed_goes_on_under_the_same_acceptance(restored: Restored, point: str) -> None:
    start = restored.start
    outs = [restored.somebody(held=1, lost=1) for _ in range(2)]
    restored.start = start
    loss = restored.loss()
    restored.accept(loss)
    with restored.fate.decided(point, die), pytest.raises(Killed):
        restored.mend(loss)
    assert restored.loss().digest == loss.digest
    assert restored.mend(restored.loss()) == MendedStore(returned=2, voided=0)
    assert restored.check().loss is None
    for out in outs:
        assert restored.newest(out.party) == standing_format.digest(restored.held.stored[out.party])


def test_a_party_of_which_nothing_is_held_has_no_standing_any_more_and_a_system_may_be_registered_anew(
    restored: Restored,
) -> None:
    out = restored.somebody(held=0, lost=2)
    loss = restored.loss()
    restored.accept(loss)
    assert restored.mend(loss) == MendedStore(returned=0, voided=1)
    assert restored.newest(out.party) == NO_STANDING
    assert restored.check().loss is None
    # What stood once does not, even if the newest database turns up again.
    assert restored.ledger.standings["person", out.person] != NO_STANDING
    with pytest.raises(ServiceError):
        restored.ledger.sign_in(out.person, ORGANISATION)
    # A system keeps the id of its certificate.
    del restored.ledger.standings["person", out.person]
    restored.change(out, is_held=True)
    assert restored.check().loss is None


def test_a_row_that_the_log_never_knew_is_never_built_on(restored: Restored) -> None:
    out = restored.somebody(held=1, lost=1)
    genuine = restored.loss()
    forged = standing_format.write(replace(out, organisation=str(uuid.uuid4()), revision=9))
    restored.held.stored[out.party] = forged
    assert restored.check().loss is None
    assert [one.party for one in restored.check().closed] == [out.party]
    # Nor if identity says that it is what stood.
    restored.accept(genuine)
    (one,) = genuine.standings
    given = Returned(one, content=forged, digest=one.changes[-1].replaced_digest)
    with pytest.raises(ServiceError) as refused:
        restored.logged.reissue(genuine.parts[0], genuine, [given])
    assert refused.value.reason == "NO_SUCH_ACT"


def test_a_change_that_release_1_entered_does_not_say_what_stood_before(restored: Restored) -> None:
    out = restored.somebody(held=1, lost=1)
    (one,) = restored.loss().standings
    unknown = replace(one, changes=tuple(replace(change, replaced_digest=b"") for change in one.changes))
    assert not unknown.can_come_back
    assert out.party == one.party


def test_what_an_accepted_loss_does_not_name_is_not_given_anew(restored: Restored) -> None:
    start = restored.start
    one, other = restored.somebody(held=1, lost=1), restored.somebody(held=1, lost=1)
    restored.start = start
    both = restored.loss()
    only = Loss.of([each for each in both.standings if each.party == one.party])
    unnamed = next(each for each in both.standings if each.party == other.party)
    restored.accept(only)
    stolen = Returned(replace(unnamed, party=other.party), content=b"x", digest=hashlib.sha256(b"x").digest())
    with pytest.raises(ServiceError) as refused:
        restored.logged.reissue(only.parts[0], only, [stolen])
    assert refused.value.reason == "NO_SUCH_ACT"
    crossed = Returned(replace(only.standings[0], party=other.party), content=b"x", digest=stolen.digest)
    with pytest.raises(ServiceError) as refused:
        restored.logged.reissue(only.parts[0], only, [crossed])
    assert refused.value.reason == "NO_SUCH_ACT"


def test_a_second_loss_is_another_and_takes_the_first_return_with_it(restored: Restored) -> None:
    out = restored.somebody(held=1, lost=1)
    first = restored.loss()
    old = restored.held.stored[out.party]
    restored.accept(first)
    restored.mend(first)
    back = standing_format.read_person(out.person, restored.held.stored[out.party])
    restored.ledger.standings["person", out.person] = standing_format.digest(restored.held.stored[out.party])
    restored.change(replace(back, is_suspended=False, revision=back.revision + 1), is_held=True)
    assert restored.check().loss is None
    restored.held.stored[out.party] = old
    second = restored.loss()
    assert second.digest != first.digest
    assert len(second.changes) == 3
    assert refusal(restored, second) == "LOSS_NOT_ACCEPTED"
    restored.accept(second)
    assert restored.mend(second).returned == 1
    assert standing_format.read_person(out.person, restored.held.stored[out.party]).is_suspended


def test_the_service_comes_back_stopped_before_any_custodian_has_said_anything(restored: Restored) -> None:
    service = ServiceStanding(environment=ENVIRONMENT)
    restored.change(service, is_held=True)
    restored.start = restored.ledger.writer.published().size
    restored.change(replace(service, revision=2), is_held=False)
    out = restored.somebody(held=0, lost=1)
    restored.start = next(one.changes[-1].index for one in restored.loss().standings if one.party.kind == "service")
    # The rest of the loss waits for two.
    assert refusal(restored, restored.loss()) == "LOSS_NOT_ACCEPTED"
    stored = restored.held.stored[service.party]
    back = standing_format.read_service(ENVIRONMENT, stored)
    assert (back.is_stopped, back.policy_version) == (True, 2)
    assert restored.newest(service.party) == standing_format.digest(stored)
    restored.ledger.standings["service", ENVIRONMENT] = standing_format.digest(stored)
    loss = restored.loss()
    restored.accept(loss)
    assert restored.mend(loss).voided == 1
    assert restored.newest(out.party) == NO_STANDING


@pytest.mark.parametrize("given", ["going on", "with a custodian's word", "another's", "not its bytes"])
def test_by_identitys_certificate_alone_a_stopped_service_does_not_go_on(restored: Restored, given: str) -> None:
    """The stop itself is said to be the loss: nobody has to accept the service's own standing."""
    service = ServiceStanding(environment=ENVIRONMENT)
    restored.change(service, is_held=True)
    restored.start = restored.ledger.writer.published().size
    restored.change(replace(service, is_stopped=True, revision=2), is_held=False)
    stopped, loss = restored.newest(service.party), restored.loss()
    after = {
        "going on": replace(service, revision=3),
        "with a custodian's word": replace(
            service, is_stopped=True, revision=3, resumption_asked_by=str(uuid.uuid4()), resumption_asked_at=NOW
        ),
        "another's": replace(service, environment="live", is_stopped=True, revision=3),
        "not its bytes": replace(service, is_stopped=True, revision=3),
    }[given]
    content = standing_format.write(after)
    digest = hashlib.sha256(content + b"more" * (given == "not its bytes")).digest()
    with pytest.raises(ServiceError) as refused:
        restored.logged.reissue(loss.parts[0], loss, [Returned(loss.standings[0], content=content, digest=digest)])
    assert refused.value.reason == "NOT_PERMITTED"
    assert restored.newest(service.party) == stopped


def test_no_service_is_void(restored: Restored) -> None:
    service = ServiceStanding(environment=ENVIRONMENT)
    restored.change(service, is_held=False)
    found = restored.check()
    assert found.loss is None
    assert [one.party for one in found.closed] == [service.party]


def test_a_check_that_begins_behind_what_was_lost_says_who_is_out_and_mends_nothing(restored: Restored) -> None:
    start = restored.start
    out, void = restored.somebody(held=1, lost=1), restored.somebody(held=0, lost=1)
    restored.start = start
    loss = restored.loss()
    restored.accept(loss)
    # Killed between the ledger and the rows; then the operator forgets where the first check began.
    with restored.fate.decided("after ReissueStandings", die), pytest.raises(Killed):
        restored.mend(loss)
    restored.start = max(change.index for change in loss.changes) + 1
    found = restored.check()
    assert found.loss is None
    assert [one.party for one in found.closed] == [out.party]
    # Of the other nothing is held, and nothing is what it has.
    assert restored.newest(void.party) == NO_STANDING
    restored.start = start
    assert restored.mend(restored.loss()) == MendedStore(returned=1, voided=0)
    assert (restored.check().loss, restored.check().mended) == (None, 2)


def test_the_leader_reads_all_of_it_again_after_a_restart(restored: Restored) -> None:
    start = restored.start
    restored.somebody(held=1, lost=1)
    restored.somebody(held=0, lost=1)
    restored.start = start
    loss = restored.loss()
    restored.accept(loss)
    restored.mend(loss)
    ledger = restored.ledger
    ledger.stop()
    again = in_memory(ledger.store.kept, clock=ledger.clock)  # type: ignore[attr-defined]  # a MemoryStore
    try:
        again.writer.published()
    finally:
        again.stop()
