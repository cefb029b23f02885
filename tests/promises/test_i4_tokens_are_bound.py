"""I4: a token is good for one audience, method, request, certificate and onward pair, for ten seconds, at every hop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger

from services.runtime.access import Exposure, whole_table
from services.runtime.interceptors.limits import ACT_KEY, SESSION_KEY
from services.runtime.tokens import LONGEST_LIFE_SECONDS
from tests.support.figures import RecordProperty
from tests.support.hostile_tokens import DIRECTLY, EVERYWHERE
from tests.support.raw_calls import ACCESS_REASONS, Answer, raw_call
from tests.support.signing import claims_of, fresh, taken_key
from tests.support.taken_directory import OPEN_RECORD, REASON, SERVICES
from tests.support.town import Town

pytestmark = [pytest.mark.promise("I4"), pytest.mark.timeout(300)]

ENTER_LOOK = "/contactpoint.audit.ledger.v1.LedgerService/EnterLook"
ENTER_SEARCH = "/contactpoint.audit.ledger.v1.LedgerService/EnterSearch"
READ_OWN = "/contactpoint.audit.ledger.v1.LedgerService/ReadOwnEntries"
LIST_OWN_LOOKS = "/contactpoint.audit.review.v1.ReviewService/ListOwnLooks"
# Too much metadata is refused before the token is looked at.
REFUSALS = ACCESS_REASONS | {"INVALID_REQUEST"}


@dataclass(frozen=True)
class Hop:
    """One place at which a token is taken."""

    name: str
    to: str
    as_process: str
    method: str
    cause: str
    """The outside method that the token is for."""
    who: str
    request: bytes = b""

    @property
    def audience(self) -> str:
        """Whose token it is: the process that owns the outside method."""
        return self.to if self.as_process == "gateway.edge" else self.as_process


A_LOOK = ledger.EnterLookRequest(number=1_000_000_009, reason=REASON, section=SERVICES).SerializeToString()
HOPS = (
    Hop("directory", "directory", "gateway.edge", "/contactpoint.directory.v1.ProviderService/ListProviders",
        "/contactpoint.directory.v1.ProviderService/ListProviders", "nurse"),
    Hop("identity", "identity", "gateway.edge", "/contactpoint.identity.v1.SessionService/ListSessions",
        "/contactpoint.identity.v1.SessionService/ListSessions", "nurse"),
    Hop("audit.review", "audit.review", "gateway.edge", LIST_OWN_LOOKS, LIST_OWN_LOOKS, "nurse"),
    Hop("shielding", "shielding", "gateway.edge", "/contactpoint.shielding.v1.ShieldingService/ListShieldCases",
        "/contactpoint.shielding.v1.ShieldingService/ListShieldCases", "shield.officer"),
    Hop("directory to ledger", "audit.ledger", "directory", ENTER_LOOK, OPEN_RECORD, "nurse", A_LOOK),
    Hop("review to ledger", "audit.ledger", "audit.review", READ_OWN, LIST_OWN_LOOKS, "nurse"),
)  # fmt: skip


@pytest.mark.parametrize("hop", HOPS, ids=lambda hop: hop.name)
def test_no_attack_is_taken(hop: Hop, town: Town, record_property: RecordProperty) -> None:
    key = taken_key(town.suite)
    true = claims_of(town.token(town.seat(hop.who), hop.cause, hop.request))
    assert true["aud"] == hop.audience
    attacks = EVERYWHERE if hop.as_process != "gateway.edge" else {**EVERYWHERE, **DIRECTLY}
    # The directory's and review's methods here cause nothing themselves: that one is no attack on its own method.
    attacks = {name: make for name, make in attacks.items() if not _is_harmless(hop, name)}
    taken = []
    with town.inside.channel(hop.to, as_process=hop.as_process) as channel:
        control = _sent(channel, hop, key.sign(fresh(true)))
        assert control.got_past_access, (control.status, control.reason)
        for name, make in attacks.items():
            answer = _sent(channel, hop, make(fresh(true), key))
            if answer.reason not in REFUSALS:
                taken.append(f"{name}: {answer.status} {answer.reason}")
        # And the true one, spelt by identity itself, is still good: it was the attacks that were refused.
        assert _sent(channel, hop, key.sign(fresh(true))).got_past_access
    assert not taken, "\n".join(taken)
    record_property("figure", f"{hop.name}: 0 of {len(attacks)} attacks accepted")


def test_no_token_is_taken_elsewhere(town: Town, record_property: RecordProperty) -> None:
    """One true token, at every other method of every port, from every process's certificate."""
    taken, tried = [], 0
    token = town.token(town.seat("nurse"), OPEN_RECORD, b"")
    for to, peer, channel in _channels(town):
        for said in whole_table():
            if said.process != to or (to, peer, said.full_name) in {
                ("directory", "gateway.edge", OPEN_RECORD),
                ("audit.ledger", "directory", ENTER_LOOK),
            }:
                continue
            tried += 1
            answer = raw_call(channel, said.full_name, b"", ((ACT_KEY, token),))
            if answer.got_past_access:
                taken.append(f"{peer} -> {said.full_name}: {answer.status} {answer.reason}")
    assert not taken, "\n".join(taken)
    record_property("figure", f"0 of {tried} other places take a token")


def test_an_onward_call_that_is_not_listed_is_refused(town: Town, record_property: RecordProperty) -> None:
    """The directory's own tokens, each for another method, at the ledger's methods for looks and searches."""
    key, seat, accepted, tried = taken_key(town.suite), town.seat("nurse"), [], 0
    true = claims_of(town.token(seat, OPEN_RECORD, b""))
    child = town.new_child(seat)
    look = ledger.EnterLookRequest(handle=child.handle, reason=REASON, section=SERVICES).SerializeToString()
    slot = child.number.to_bytes(5, "big") + bytes([1, 3, 0])
    search = ledger.EnterSearchRequest(candidates=slot.ljust(512, b"\0"), criteria_digest=bytes(32)).SerializeToString()
    with town.inside.channel("audit.ledger", as_process="directory") as channel:
        for effect, request in ((ENTER_LOOK, look), (ENTER_SEARCH, search)):
            for said in whole_table():
                if said.exposure is not Exposure.EDGE or effect in said.causes:
                    continue
                tried += 1
                answer = raw_call(channel, effect, request, ((ACT_KEY, key.sign(fresh(true, mth=said.full_name))),))
                if answer.reason not in REFUSALS:
                    accepted.append(f"{said.full_name} -> {effect}: {answer.status} {answer.reason}")
    assert not accepted, "\n".join(accepted)
    record_property("figure", f"0 of {tried} unlisted onward pairs accepted")


def test_a_list_of_audiences_is_refused(town: Town) -> None:
    """By itself, since it is the one attack that a lax verifier would let through."""
    key, who = taken_key(town.suite), town.seat("nurse")
    method = "/contactpoint.identity.v1.SessionService/ListSessions"
    true = claims_of(town.token(who, method, b""))
    with town.inside.channel("identity", as_process="gateway.edge") as channel:
        for audiences in (["identity"], ["directory", "identity"]):
            answer = raw_call(channel, method, b"", ((ACT_KEY, key.sign(fresh(true, aud=audiences))),))
            assert answer.reason == "NOT_AUTHENTICATED"


def test_a_token_dies_after_ten_seconds(town: Town, is_full: bool) -> None:
    """Waited for at full size; as a sample the clock is left alone and the token's time is set back."""
    method = "/contactpoint.identity.v1.SessionService/ListSessions"
    token = town.token(town.seat("nurse"), method, b"")
    said = claims_of(token)
    assert said["exp"] - said["iat"] <= LONGEST_LIFE_SECONDS
    with town.inside.channel("identity", as_process="gateway.edge") as channel:
        assert raw_call(channel, method, b"", ((ACT_KEY, token),)).is_ok
        if is_full:
            time.sleep(LONGEST_LIFE_SECONDS + 0.5)
        else:
            past = {"iat": said["iat"] - 10, "exp": said["exp"] - 10}
            token = taken_key(town.suite).sign({**said, **past})
        assert raw_call(channel, method, b"", ((ACT_KEY, token),)).reason == "NOT_AUTHENTICATED"


def test_the_edge_takes_no_token(town: Town, record_property: RecordProperty) -> None:
    """From outside a token is nothing: neither beside a session nor in its place."""
    seat = town.seat("nurse")
    method = "/contactpoint.identity.v1.SessionService/ListSessions"
    token, session = town.token(seat, method, b""), f"Bearer {seat.outside.session}"
    tries: dict[str, tuple[tuple[str, str | bytes], ...]] = {
        "beside a session": ((ACT_KEY, token), (SESSION_KEY, session)),
        "alone": ((ACT_KEY, token),),
        "as a session": ((SESSION_KEY, f"Bearer {token}"),),
        "with underscores": (("contactpoint_act", token), (SESSION_KEY, session)),
        "as bytes": (("contactpoint-act-bin", token.encode()), (SESSION_KEY, session)),
        "two sessions": ((SESSION_KEY, session), (SESSION_KEY, session)),
        "a channel of one's own": (("contactpoint-channel", "a" * 64), (SESSION_KEY, session)),
    }
    taken = [
        name for name, sent in tries.items() if raw_call(seat.outside.channel, method, b"", sent).reason not in REFUSALS
    ]
    assert not taken
    # A session is bound to its channel: another organisation's certificate makes nothing of it.
    other = town.empty_seat(town.cast.accounts["constable"])
    answer = raw_call(other.outside.channel, method, b"", ((SESSION_KEY, session),))
    assert answer.reason == "SESSION_ENDED"
    record_property("figure", f"edge: 0 of {len(tries) + 1} accepted")


def _is_harmless(hop: Hop, attack: str) -> bool:
    return attack == "a method that causes nothing" and hop.name == "directory"


def _sent(channel: grpc.Channel, hop: Hop, token: str) -> Answer:
    return raw_call(channel, hop.method, hop.request, ((ACT_KEY, token),))


def _channels(town: Town) -> Iterator[tuple[str, str, grpc.Channel]]:
    processes = ("identity", "directory", "shielding", "audit.ledger", "audit.review")
    for process in processes:
        for peer in (*processes, "gateway.edge"):
            with town.inside.channel(process, as_process=peer) as channel:
                yield process, peer, channel
