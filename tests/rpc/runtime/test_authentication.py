"""Two identities on every call: the peer's certificate and the token, each bound to the other and to the bytes."""

from __future__ import annotations

import hashlib
import uuid
from functools import partial
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services.runtime import tokens
from services.runtime.access import AccessTable, SilentMethod
from services.runtime.caller import Caller, current_caller
from services.runtime.certificates import WatchedCertificates
from services.runtime.peers import process_uri
from services.runtime.server import ServerSettings, start
from tests.rpc.runtime.conftest import (
    CAUSING,
    EXPOSED,
    INTERNAL,
    NOT_CAUSING,
    ON_TOUCH,
    ONWARD,
    OPEN,
    STREAM_UNARY,
    SUPPLIED,
    TABLE,
    Stack,
    Start,
    register,
)
from tests.rpc.runtime.refusals import all_of, error_of, refused
from tests.support.acts import SigningKey, a_suppliers_act, an_act
from tests.support.pki import Authority

REQUEST = StringValue(value="hello").SerializeToString()
UNAUTHENTICATED = ("UNAUTHENTICATED", "NOT_AUTHENTICATED")
FORBIDDEN = ("PERMISSION_DENIED", "NOT_PERMITTED")


def test_a_good_call_knows_its_caller(start_stack: Start) -> None:
    found: list[Caller] = []

    def echo(one: StringValue) -> StringValue:
        found.append(current_caller())
        return one

    stack = start_stack(echo)
    person, channel = str(uuid.uuid4()), "d" * 64
    token = stack.token(REQUEST, sub=person)
    assert stack.raw(EXPOSED, REQUEST, token, ("contactpoint-channel", channel)) == REQUEST
    (caller,) = found
    assert caller.act is not None
    assert (caller.act.sub, caller.peer.process, caller.method) == (person, "gateway.edge", EXPOSED)
    assert (caller.digest, caller.token, caller.channel) == (hashlib.sha256(REQUEST).digest(), token[1], channel)
    assert person not in repr(caller)
    assert token[1] not in repr(caller)


BAD_TOKENS: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "shielding"},
    "another method": {"mth": ON_TOUCH},
    "other bytes": {"req": hashlib.sha256(b"other").hexdigest()},
    "another certificate": {"cnf": "e" * 64},
    "another environment": {"env": "live"},
    "expired": {"now": 1_700_000_000},
}


@pytest.mark.parametrize("changed", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_a_token_bound_elsewhere_is_refused(stack: Stack, changed: dict[str, Any]) -> None:
    token = stack.token(REQUEST, **changed)
    assert refused(lambda: stack.raw(EXPOSED, REQUEST, token)) == UNAUTHENTICATED


def test_without_a_token(stack: Stack) -> None:
    assert refused(lambda: stack.raw(EXPOSED, REQUEST)) == UNAUTHENTICATED


def test_a_token_of_another_key(stack: Stack) -> None:
    act = an_act(REQUEST, mth=EXPOSED, cnf=stack.edge.thumbprint)
    assert refused(lambda: stack.raw(EXPOSED, REQUEST, ("contactpoint-act", SigningKey().sign(act)))) == UNAUTHENTICATED


def test_equal_messages_of_other_bytes_are_other_requests(stack: Stack) -> None:
    # Field 1 twice parses to the same message as once.
    twice = StringValue(value="x").SerializeToString() + REQUEST
    assert StringValue.FromString(twice) == StringValue.FromString(REQUEST)
    assert refused(lambda: stack.raw(EXPOSED, twice, stack.token(REQUEST))) == UNAUTHENTICATED
    assert stack.raw(EXPOSED, twice, stack.token(twice)) == REQUEST


def test_the_role_must_grant_the_permission(stack: Stack) -> None:
    token = stack.token(REQUEST, rol="ROLE_AUDITOR")
    assert refused(lambda: stack.raw(EXPOSED, REQUEST, token)) == FORBIDDEN
    token = stack.token(REQUEST, rol="ROLE_NOT_ONE_OF_OURS")
    assert refused(lambda: stack.raw(EXPOSED, REQUEST, token)) == FORBIDDEN


def test_the_assurance_must_suffice(stack: Stack) -> None:
    session = stack.token(REQUEST, mth=ON_TOUCH)
    assert refused(lambda: stack.raw(ON_TOUCH, REQUEST, session)) == FORBIDDEN
    touch = stack.token(REQUEST, mth=ON_TOUCH, acr=tokens.KEY_ON_ACT)
    assert stack.raw(ON_TOUCH, REQUEST, touch) == REQUEST


def test_a_supplier_is_let_in_where_suppliers_are(stack: Stack) -> None:
    def supplier(method: str) -> tuple[str, str]:
        act = a_suppliers_act(REQUEST, mth=method, cnf=stack.edge.thumbprint)
        return ("contactpoint-act", stack.keys.sign(act))

    assert stack.raw(SUPPLIED, REQUEST, supplier(SUPPLIED)) == REQUEST
    assert refused(lambda: stack.raw(EXPOSED, REQUEST, supplier(EXPOSED))) == FORBIDDEN
    person = stack.token(REQUEST, mth=SUPPLIED)
    assert refused(lambda: stack.raw(SUPPLIED, REQUEST, person)) == FORBIDDEN


def test_only_the_edge_calls_what_is_exposed(stack: Stack) -> None:
    for other in (stack.authority.process("shielding"), stack.authority.system(str(uuid.uuid4()))):
        assert refused(partial(stack.raw, OPEN, REQUEST, issued=other)) == FORBIDDEN
        token = stack.token(REQUEST, cnf=other.thumbprint)
        assert refused(partial(stack.raw, EXPOSED, REQUEST, token, issued=other)) == FORBIDDEN


def test_a_process_method_takes_listed_processes_and_no_token(stack: Stack) -> None:
    review = stack.authority.process("audit.review")
    assert stack.raw(INTERNAL, REQUEST, issued=review) == REQUEST
    token = stack.token(REQUEST, mth=INTERNAL, cnf=review.thumbprint)
    assert refused(lambda: stack.raw(INTERNAL, REQUEST, token, issued=review)) == FORBIDDEN
    assert refused(lambda: stack.raw(INTERNAL, REQUEST, issued=stack.authority.process("identity"))) == FORBIDDEN


def test_an_onward_call_takes_listed_pairs_one_hop(stack: Stack) -> None:
    shielding, officer = stack.authority.process("shielding"), {"rol": "ROLE_PRACTITIONER", "aud": "shielding"}

    def onward(**changed: Any) -> Any:
        token = stack.token(b"what shielding was sent", **{"mth": CAUSING, **officer, **changed})
        return stack.raw(ONWARD, REQUEST, token, issued=shielding)

    assert onward() == REQUEST
    assert refused(lambda: onward(mth=NOT_CAUSING)) == UNAUTHENTICATED
    assert refused(lambda: onward(mth=EXPOSED)) == UNAUTHENTICATED
    assert refused(lambda: onward(aud="directory")) == UNAUTHENTICATED
    assert refused(lambda: onward(aud="identity")) == UNAUTHENTICATED
    assert refused(lambda: onward(mth=ONWARD)) == UNAUTHENTICATED
    assert refused(lambda: onward(rol="ROLE_AUDITOR")) == FORBIDDEN
    assert refused(lambda: stack.raw(ONWARD, REQUEST, issued=shielding)) == UNAUTHENTICATED
    # Another process holding the same good token is not its audience.
    token = stack.token(b"", mth=CAUSING, **officer)
    assert (
        refused(lambda: stack.raw(ONWARD, REQUEST, token, issued=stack.authority.process("audit.review"))) == FORBIDDEN
    )
    assert refused(lambda: stack.raw(ONWARD, REQUEST, token)) == FORBIDDEN


def test_only_the_edge_speaks_of_outside_channels(stack: Stack) -> None:
    review, channel = stack.authority.process("audit.review"), ("contactpoint-channel", "d" * 64)
    assert refused(lambda: stack.raw(INTERNAL, REQUEST, channel, issued=review)) == FORBIDDEN
    assert refused(lambda: stack.raw(OPEN, REQUEST, ("contactpoint-channel", "edge"))) == FORBIDDEN


@pytest.mark.parametrize("request_bytes", [b"", REQUEST, b"\xff\xff"], ids=["empty", "good", "no message"])
def test_unlisted_internal_and_forbidden_look_alike(stack: Stack, request_bytes: bytes) -> None:
    unlisted = ["/contactpoint.directory.v1.EchoService/Nothing", "/nothing.of.Ours/AtAll", "/x"]
    methods = [INTERNAL, ONWARD, CAUSING, *unlisted]
    seen = {all_of(error_of(partial(stack.raw, method, request_bytes))) for method in methods}
    token = stack.token(request_bytes, rol="ROLE_AUDITOR")
    seen.add(all_of(error_of(lambda: stack.raw(EXPOSED, request_bytes, token))))
    token = stack.token(request_bytes, mth=INTERNAL)
    seen |= {all_of(error_of(partial(stack.raw, method, request_bytes, token))) for method in methods}
    assert len(seen) == 1
    assert next(iter(seen))[:2] == (grpc.StatusCode.PERMISSION_DENIED, "NOT_PERMITTED")


def test_a_stream_cannot_be_bound_to_a_token_so_none_is_taken(stack: Stack) -> None:
    call = stack.channel().stream_unary(STREAM_UNARY, None, None)
    assert call(iter([REQUEST]), timeout=3) == REQUEST
    token = stack.token(b"", mth=STREAM_UNARY)
    assert refused(lambda: call(iter([REQUEST]), timeout=3, metadata=(token,))) == FORBIDDEN


def test_a_certificate_of_another_environment_or_none_of_ours_is_refused(stack: Stack) -> None:
    strange = {
        "live": [process_uri("live", "gateway.edge")],
        "two": [process_uri("synthetic", "gateway.edge"), process_uri("synthetic", "shielding")],
        "none": [],
        "upper": ["spiffe://synthetic.contactpoint/process/Gateway.edge"],
        "longer": ["spiffe://synthetic.contactpoint/process/gateway.edge/x"],
        "elsewhere": ["spiffe://synthetic.contactpoint.example/process/gateway.edge"],
        "query": ["spiffe://synthetic.contactpoint/process/gateway.edge?x"],
        "no uuid": ["spiffe://synthetic.contactpoint/system/1"],
    }
    for name, uris in strange.items():
        issued = stack.authority.issue(f"strange-{name}", uris=uris, dns=["edge"])
        assert refused(partial(stack.raw, OPEN, REQUEST, issued=issued)) == UNAUTHENTICATED, name


def test_a_certificate_of_another_authority_gets_no_channel(stack: Stack, tmp_path: Any) -> None:
    stranger = Authority(tmp_path / "other").process("gateway.edge")
    assert error_of(lambda: stack.raw(OPEN, REQUEST, issued=stranger)).code() is grpc.StatusCode.UNAVAILABLE


def test_no_certificate_gets_no_channel(stack: Stack) -> None:
    credentials = grpc.ssl_channel_credentials(stack.authority.ca.read_bytes())
    options = [("grpc.ssl_target_name_override", "directory.contactpoint.internal")]
    with grpc.secure_channel(stack.address, credentials, options=options) as channel:
        call = channel.unary_unary(OPEN, None, None)
        assert error_of(lambda: call(REQUEST, timeout=3)).code() is grpc.StatusCode.UNAVAILABLE


def test_a_server_with_a_silent_method_does_not_start(stack: Stack) -> None:
    less = AccessTable([one for one in TABLE if one.full_name != OPEN])
    settings = ServerSettings(
        process="directory",
        host="127.0.0.1",
        port=0,
        health_port=0,
        workers=1,
        waiting=1,
        drain_seconds=0,
        connection_age_seconds=60,
    )
    with pytest.raises(SilentMethod, match="EchoOpen"):
        start(
            register(lambda one: one),
            settings=settings,
            certificates=WatchedCertificates(stack.server.files),
            interceptors=[],
            table=less,
        )
