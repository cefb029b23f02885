"""Every Ledger of identity, the fake and the real client over mutual TLS, keeps the promises in its port."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from services.identity import standing_format
from services.identity.clients.ledger import NewestReceipt, RemoteLedger
from services.identity.domain.acts import ActName, ChangeOfStanding, EndOfSessions, PendingAct, Receipt, Shape
from services.identity.domain.session import Session, SessionFactor
from services.identity.domain.standing import Party, ServiceStanding
from services.identity.ports import Ledger, Refusal
from services.runtime.caller import Caller, acting_for
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.errors import BeingChanged, DependencyUnavailable, KeyReused, LedgerBehind, StandingChanged
from services.runtime.peers import Peer
from tests.fakes.identity_ledger import FakeLedger
from tests.fakes.identity_town import running_ledger
from tests.support.acts import SetClock, SigningKey, an_act
from tests.support.pki import Authority

METHOD = "/contactpoint.identity.v1.AdministrationService/SuspendPerson"
SIGN_OUT = "/contactpoint.identity.v1.SessionService/SignOut"


@dataclass
class Kept:
    """One ledger, and what makes its promises hard to keep."""

    ledger: Ledger
    fake: FakeLedger
    newest: NewestReceipt
    keys: SigningKey
    clock: SetClock

    def act(self, *, previous: bytes = b"", key: str = "", method: str = METHOD) -> PendingAct:
        person = str(uuid.uuid4())
        token = self.keys.sign(
            an_act(b"request", now=self.clock.now().timestamp(), aud="identity", mth=method, sub=person, rol=ROLE)
        )
        effect = ChangeOfStanding(
            party=Party("person", person), previous_digest=previous, standing=b"s", digest=b"d" * 32, change="SUSPENDED"
        )
        return PendingAct(
            name=ActName(person, method, key or str(uuid.uuid4())),
            request_digest=hashlib.sha256(b"request").digest(),
            subject=effect.party,
            shape=Shape.TOKEN,
            effect=effect,
            token=token,
            started_at=self.clock.now(),
        )

    @contextmanager
    def serving(self, act: PendingAct) -> Iterator[None]:
        """Serve the call that brought the act."""
        caller = Caller(
            peer=Peer(process="gateway.edge", system=None, thumbprint="c" * 64),
            act=None,
            token=act.token,
            digest=act.request_digest,
            method=act.name.method,
            channel=None,
        )
        with acting_for(caller):
            yield


ROLE = "ROLE_NATIONAL_ADMINISTRATOR"


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    clock, keys = SetClock(), SigningKey()
    authority = Authority(tmp_path_factory.mktemp("pki"))
    fake, newest = FakeLedger(clock), NewestReceipt(None)
    certificates = WatchedCertificates(authority.process("identity").files)
    with running_ledger(authority, clock, fake, lambda: keys) as running:
        address = f"127.0.0.1:{running.port}"
        with PeerChannel(
            process="audit.ledger", address=address, certificates=certificates, forward_errors=True
        ) as channel:
            yield Kept(RemoteLedger(channel, newest), fake, newest, keys, clock)


@pytest.fixture(params=["fake", "remote"])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "remote":
        found: Kept = request.getfixturevalue("remote")
        found.fake.is_down, found.fake.loses_answers = False, 0
        return found
    clock = SetClock()
    fake = FakeLedger(clock)
    return Kept(fake, fake, NewestReceipt(None), SigningKey(), clock)


def _entered(kept: Kept, act: PendingAct, *, is_retry: bool = False) -> Receipt:
    with kept.serving(act):
        receipt = kept.ledger.enter(act, is_retry=is_retry).receipt
    assert receipt is not None
    return receipt


def test_a_retry_gets_the_first_receipt(kept: Kept) -> None:
    act = kept.act()
    first = _entered(kept, act)
    assert _entered(kept, act, is_retry=True) == first
    assert kept.fake.standings[act.subject] == b"d" * 32


def test_other_bytes_under_the_same_key_are_refused(kept: Kept) -> None:
    act = kept.act()
    _entered(kept, act)
    token = kept.keys.sign(
        an_act(b"other", now=kept.clock.now().timestamp(), aud="identity", mth=METHOD, sub=act.name.actor, rol=ROLE)
    )
    other = replace(act, request_digest=hashlib.sha256(b"other").digest(), token=token)
    with pytest.raises(KeyReused), kept.serving(other):
        kept.ledger.enter(other, is_retry=True)


def test_a_standing_that_is_not_the_newest_is_no_start(kept: Kept) -> None:
    act = kept.act(previous=b"x" * 32)
    with pytest.raises(BeingChanged), kept.serving(act):
        kept.ledger.enter(act, is_retry=False)


def test_what_was_entered_and_lost_is_found_by_resuming_when_its_token_is_old(kept: Kept) -> None:
    act = kept.act()
    kept.fake.loses_answers = 1
    with pytest.raises(DependencyUnavailable), kept.serving(act):
        kept.ledger.enter(act, is_retry=False)
    kept.clock.move(3600)
    assert kept.ledger.resume(act).receipt is not None
    assert kept.ledger.resume(act) == kept.ledger.resume(act)


def test_what_was_never_entered_never_will_be(kept: Kept) -> None:
    act = kept.act()
    assert kept.ledger.resume(act).receipt is None
    with kept.serving(act):
        assert kept.ledger.enter(act, is_retry=False).receipt is None
    assert act.subject not in kept.fake.standings


def test_a_session_is_entered_on_the_newest_standings_alone(kept: Kept) -> None:
    session, person, organisation = _session(kept)
    entered = kept.ledger.enter_session(session, person_digest=person, organisation_digest=organisation)
    assert entered.expires_at == kept.clock.now() + timedelta(hours=12)
    assert kept.fake.sessions[session.tag] == session.person
    with pytest.raises(StandingChanged):
        kept.ledger.enter_session(session, person_digest=b"o" * 32, organisation_digest=organisation)


def test_sessions_end(kept: Kept) -> None:
    session, person, organisation = _session(kept)
    kept.ledger.enter_session(session, person_digest=person, organisation_digest=organisation)
    token = kept.keys.sign(
        an_act(b"request", now=kept.clock.now().timestamp(), aud="identity", mth=SIGN_OUT, sub=session.person)
    )
    act = replace(
        kept.act(),
        name=ActName(session.person, SIGN_OUT, str(uuid.uuid4())),
        effect=EndOfSessions(person=session.person, tags=(session.tag,)),
        token=token,
    )
    _entered(kept, act)
    assert session.tag not in kept.fake.sessions


def test_an_enrolment_is_one_act_however_often_it_is_sent(kept: Kept) -> None:
    started = kept.act()
    _entered(kept, started)
    act = replace(
        started,
        name=ActName(started.name.actor, "enrol", str(uuid.uuid4())),
        shape=Shape.ENROLMENT,
        effect=replace(_change(started), previous_digest=b"d" * 32, digest=b"e" * 32),
        organisation=str(uuid.uuid4()),
        request_digest=b"",
        token=None,
    )
    first = kept.ledger.enter(act, is_retry=False)
    assert kept.ledger.resume(act) == first
    assert kept.fake.standings[act.subject] == b"e" * 32


def test_a_stop_is_one_act_however_often_it_is_sent(kept: Kept) -> None:
    party = Party("service", "synthetic")
    before = kept.fake.standings.setdefault(party, b"v" * 32)
    content = standing_format.write(ServiceStanding(environment=party.id, is_stopped=True))
    act = replace(
        kept.act(),
        name=ActName("", "stop-service", str(uuid.uuid4())),
        subject=party,
        shape=Shape.STOP,
        effect=ChangeOfStanding(
            party=party,
            previous_digest=before,
            standing=content,
            digest=standing_format.digest(content),
            change="STOPPED_DRILL",
        ),
        request_digest=b"",
        token=None,
    )
    first = kept.ledger.enter(act, is_retry=False)
    assert kept.ledger.resume(act) == first
    assert kept.fake.standings.pop(party) == standing_format.digest(content)


def test_refusals_are_entered(kept: Kept) -> None:
    refusal = Refusal(act="sign_in", rule="SIGN_IN_REFUSED", count=7)
    kept.ledger.enter_refusal(refusal)
    assert kept.fake.refusals[-1] == refusal


@pytest.mark.parametrize(
    "call",
    [
        lambda kept, act: kept.ledger.enter(act, is_retry=False),
        lambda kept, act: kept.ledger.resume(act),
        lambda kept, _: kept.ledger.enter_refusal(Refusal(act="a", rule="RULE")),
    ],
)
def test_while_it_is_down_nothing_is_answered(kept: Kept, call: Callable[[Kept, PendingAct], object]) -> None:
    act = kept.act()
    kept.fake.is_down = True
    with pytest.raises(DependencyUnavailable), kept.serving(act):
        call(kept, act)


@pytest.mark.promise("S5")
def test_a_ledger_older_than_the_newest_receipt_is_not_believed(remote: Kept) -> None:
    kept = remote
    kept.fake.is_down, kept.fake.loses_answers = False, 0
    _entered(kept, kept.act())
    kept.fake.entered -= 1  # restored to before that entry
    session, person, organisation = _session(kept)
    for call in (
        lambda: _entered(kept, kept.act()),
        lambda: kept.ledger.enter_session(session, person_digest=person, organisation_digest=organisation),
    ):
        kept.fake.entered = max(0, kept.newest.index())
        with pytest.raises(LedgerBehind):
            call()
    # Once it has caught up it is believed again.
    kept.fake.entered = kept.newest.index() + 1
    assert _entered(kept, kept.act()).index == kept.newest.index()


def _change(act: PendingAct) -> ChangeOfStanding:
    assert isinstance(act.effect, ChangeOfStanding)
    return act.effect


def _session(kept: Kept) -> tuple[Session, bytes, bytes]:
    now, person, organisation = kept.clock.now(), str(uuid.uuid4()), str(uuid.uuid4())
    kept.fake.standings[Party("person", person)] = b"p" * 32
    kept.fake.standings[Party("organisation", organisation)] = b"o" * 32
    factors = tuple(
        SessionFactor(method=method, assurance_level=1, proved_at=now, vouched_by="") for method in ("pwd", "otp")
    )
    session = Session(
        tag=str(uuid.uuid4()),
        handle_digest=b"",
        person=person,
        organisation=organisation,
        channel="a" * 64,
        started_at=now,
        expires_at=now,
        last_used_at=now,
        factors=factors,
    )
    return session, b"p" * 32, b"o" * 32
