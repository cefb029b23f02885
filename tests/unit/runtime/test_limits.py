"""Metadata is compared as the laxest reader would read it."""

from __future__ import annotations

import pytest

from services.runtime.errors import InvalidRequest
from services.runtime.interceptors.limits import INSIDE_KEYS, OUTSIDE_KEYS, check_metadata, one_value

TRACE = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"

REFUSED_INSIDE = [
    [("contactpoint-act", "a"), ("contactpoint-act", "a")],
    [("contactpoint-act", "a"), ("contactpoint_act", "b")],
    [("contactpoint_act", "a")],
    [("Contactpoint-Act", "a")],
    [("contactpoint-act-bin", b"a")],
    [("contactpoint-channel", "a"), ("contactpoint-channel", "b")],
    [("contactpoint-person", "a")],
    [("contactpoint_", "a")],
    [("x-user", "a")],
    [("x-user-id", "a")],
    [("x_user_id", "a")],
    [("X-User-Id", "a")],
    [("x-username", "a")],
    [("x-forwarded-for", "192.0.2.1")],
    [("x_forwarded_user", "a")],
    [("x-forwarded-client-cert", "a")],
    [("x-real-ip", "192.0.2.1")],
    [("x-client-cert", "a")],
    [("x-ssl-client-dn", "a")],
    [("forwarded", "for=192.0.2.1")],
    [("remote-user", "a")],
    [("remote_user", "a")],
    [("authorization", "Bearer a")],
    [("proxy-authorization", "Basic a")],
    [("cookie", "a=b")],
    [("traceparent", TRACE), ("traceparent", TRACE)],
    [("tracestate", "a=b"), ("tracestate", "c=d")],
    [("note", "n" * 8192)],
    [(f"note-{n}", "") for n in range(300)],
]


@pytest.mark.promise("I5")
@pytest.mark.parametrize("metadata", REFUSED_INSIDE, ids=lambda pairs: f"{pairs[0][0]} x{len(pairs)}")
def test_it_is_refused_inside(metadata: list[tuple[str, str | bytes]]) -> None:
    with pytest.raises(InvalidRequest):
        check_metadata(metadata, allowed_keys=INSIDE_KEYS)


def test_what_is_allowed_inside() -> None:
    known = [("contactpoint-act", "a"), ("contactpoint-channel", "b"), ("traceparent", TRACE), ("tracestate", "a=b")]
    check_metadata([*known, ("user-agent", "grpc-python"), ("accept-language", "cy")], allowed_keys=INSIDE_KEYS)


@pytest.mark.promise("I5")
@pytest.mark.parametrize("key", [*sorted(INSIDE_KEYS), "x-user-id", "Authorization", "authorization-bin"])
def test_it_is_refused_at_the_edge(key: str) -> None:
    with pytest.raises(InvalidRequest):
        check_metadata([(key, "a")], allowed_keys=OUTSIDE_KEYS)


def test_the_session_comes_once_at_the_edge() -> None:
    check_metadata([("authorization", "Bearer a")], allowed_keys=OUTSIDE_KEYS)
    with pytest.raises(InvalidRequest):
        check_metadata([("authorization", "Bearer a"), ("authorization", "Bearer b")], allowed_keys=OUTSIDE_KEYS)


def test_one_value() -> None:
    assert one_value([("a", "1"), ("b", "2")], "b") == "2"
    assert one_value([("a", b"1")], "a") is None
    assert one_value([], "a") is None
