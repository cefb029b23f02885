"""The edge's one procedure, step by step, with everything around it recorded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import pytest

from gateway.edge.forward import UNLISTED, Forward
from gateway.edge.grid import AnswerGrid
from services.runtime.access import AccessTable, Assurance, Audit, Exposure, MethodAccess
from services.runtime.errors import (
    BeingChanged,
    Busy,
    DependencyUnavailable,
    NotAuthenticated,
    NotPermitted,
    ServiceError,
    StandingChanged,
)
from services.runtime.peers import Peer

WEB = Peer(process="gateway.web", system=None, thumbprint="1" * 64)
SYSTEM = Peer(process=None, system="00000000-0000-4000-8000-000000000001", thumbprint="2" * 64)
SESSION = (("authorization", "Bearer " + "s" * 43),)


def said(name: str, assurance: Assurance, *, children: int = 0, permission: str = "") -> MethodAccess:
    is_internal = assurance in (Assurance.PROCESS, Assurance.INHERITED)
    return MethodAccess(
        full_name=name,
        process="directory",
        permission=permission,
        audit=Audit.BEFORE_REPLY,
        assurance=assurance,
        exposure=Exposure.INTERNAL if is_internal else Exposure.EDGE,
        callers=frozenset({"shielding"}) if is_internal else frozenset(),
        children_disclosed=children,
    )


LOOK = "/contactpoint.directory.v1.DirectoryService/Look"
WRITE = "/contactpoint.directory.v1.DirectoryService/Write"
INSIDE = "/contactpoint.directory.v1.DirectoryService/Inside"
ENTER = "/contactpoint.directory.v1.DirectoryService/Enter"
SUPPLY = "/contactpoint.directory.v1.DirectoryService/Supply"
NOWHERE = "/contactpoint.directory.v1.DirectoryService/Nowhere"
TABLE = AccessTable(
    [
        said(LOOK, Assurance.TWO_FACTOR, children=1, permission="record.open"),
        said(WRITE, Assurance.TWO_FACTOR, permission="shield.request"),
        said(INSIDE, Assurance.INHERITED, children=1),
        said(ENTER, Assurance.NONE),
        said(SUPPLY, Assurance.SYSTEM),
    ]
)


@dataclass
class Around:
    """Records what the procedure does, in order."""

    did: list[tuple[object, ...]] = field(default_factory=list)
    refusals: dict[str, list[ServiceError]] = field(default_factory=dict)
    now: float = 10.0

    def __post_init__(self) -> None:
        grid = AnswerGrid(seconds=0.025, monotonic=lambda: self.now, sleep=lambda _: self.did.append(("held back",)))
        self.forward = Forward(
            table=TABLE,
            authorise=self.authorise,
            onward={"directory": self.onward},
            count=self.count,
            grid=grid,
        )

    def count(self, session: str, channel: str) -> None:
        self.did.append(("counted", session, channel))
        self._refuse("count")

    def authorise(self, *, session: str, method: str, request_digest: bytes, peer: Peer) -> str:
        self.did.append(("asked", session, method, request_digest, peer))
        self._refuse("authorise")
        return "token"

    def onward(self, method: str, request: bytes, *, token: str | None, channel: str) -> bytes:
        self.did.append(("sent", method, request, token, channel))
        self._refuse("onward")
        return b"answer"

    def names(self) -> list[object]:
        return [done[0] for done in self.did]

    def _refuse(self, step: str) -> None:
        if self.refusals.get(step):
            raise self.refusals[step].pop(0)


@pytest.fixture
def around() -> Around:
    return Around()


def test_a_look_is_counted_authorised_forwarded_and_held_back(around: Around) -> None:
    assert around.forward(WEB, LOOK, b"request", SESSION) == b"answer"
    assert around.did == [
        ("counted", "s" * 43, WEB.thumbprint),
        ("asked", "s" * 43, LOOK, hashlib.sha256(b"request").digest(), WEB),
        ("sent", LOOK, b"request", "token", WEB.thumbprint),
        ("held back",),
    ]


def test_an_answer_that_discloses_nobody_is_not_held_back(around: Around) -> None:
    around.forward(WEB, WRITE, b"", SESSION)
    assert around.names() == ["counted", "asked", "sent"]


def test_signing_in_asks_nobody_and_carries_no_token(around: Around) -> None:
    around.forward(SYSTEM, ENTER, b"both factors", ())
    assert around.did == [
        ("counted", "", SYSTEM.thumbprint),
        ("sent", ENTER, b"both factors", None, SYSTEM.thumbprint),
    ]


@pytest.mark.parametrize("process", ["directory", "gateway.edge", "identity", "audit.ledger", "gateway.webs"])
def test_only_the_web_gateway_and_systems_come_in(around: Around, process: str) -> None:
    with pytest.raises(NotAuthenticated):
        around.forward(Peer(process=process, system=None, thumbprint="3" * 64), ENTER, b"", ())
    assert around.did == []


@pytest.mark.parametrize(
    "sent",
    [
        "s" * 43,
        "bearer " + "s" * 43,
        "Bearer  " + "s" * 43,
        "Bearer " + "s" * 42,
        "Bearer " + "s" * 44,
        "Bearer " + "s" * 42 + "=",
        "Bearer " + "s" * 43 + "\n",
        "",
    ],
)
@pytest.mark.parametrize("method", [LOOK, ENTER, INSIDE, NOWHERE])
def test_what_is_no_session_is_refused_whatever_the_method(around: Around, sent: str, method: str) -> None:
    with pytest.raises(NotAuthenticated):
        around.forward(WEB, method, b"", (("authorization", sent),))
    assert around.did == []


def test_two_sessions_are_none(around: Around) -> None:
    with pytest.raises(NotAuthenticated):
        around.forward(WEB, LOOK, b"", SESSION * 2)


@pytest.mark.parametrize("metadata", [(), SESSION])
@pytest.mark.parametrize(
    "method, asked", [(INSIDE, INSIDE), (NOWHERE, UNLISTED), ("/Ada Lovelace", UNLISTED), ("", UNLISTED)]
)
def test_a_method_that_is_not_exposed_takes_the_way_of_a_forbidden_one(
    around: Around, method: str, asked: str, metadata: tuple[tuple[str, str], ...]
) -> None:
    forbidden = Around(refusals={"authorise": [NotPermitted()]})
    with pytest.raises(NotPermitted):
        forbidden.forward(WEB, WRITE, b"x", metadata)
    with pytest.raises(NotPermitted):
        around.forward(WEB, method, b"x", metadata)
    assert around.names() == forbidden.names() == ["counted", "asked", "held back"]
    assert around.did[1][2] == asked


def test_even_an_identity_that_says_yes_opens_nothing_internal(around: Around) -> None:
    with pytest.raises(NotPermitted):
        around.forward(WEB, INSIDE, b"", SESSION)
    assert "sent" not in around.names()


def test_a_supplier_needs_no_session(around: Around) -> None:
    around.forward(SYSTEM, SUPPLY, b"rows", ())
    assert around.names() == ["counted", "asked", "sent"]


def test_a_changed_standing_is_asked_for_once_more(around: Around) -> None:
    around.refusals["onward"] = [StandingChanged()]
    assert around.forward(WEB, LOOK, b"", SESSION) == b"answer"
    assert around.names() == ["counted", "asked", "sent", "asked", "sent", "held back"]


def test_and_not_twice_more(around: Around) -> None:
    around.refusals["onward"] = [StandingChanged(), StandingChanged(), StandingChanged()]
    with pytest.raises(StandingChanged):
        around.forward(WEB, LOOK, b"", SESSION)
    assert around.names() == ["counted", "asked", "sent", "asked", "sent", "held back"]


def test_whoever_was_suspended_meanwhile_is_refused_at_the_second_asking(around: Around) -> None:
    around.refusals["onward"] = [StandingChanged()]
    answered = [None, NotPermitted()]

    def authorise(*, session: str, method: str, request_digest: bytes, peer: Peer) -> str:
        refusal = answered.pop(0)
        if refusal:
            raise refusal
        return "token"

    object.__setattr__(around.forward, "authorise", authorise)
    with pytest.raises(NotPermitted):
        around.forward(WEB, LOOK, b"", SESSION)
    assert around.names() == ["counted", "sent", "held back"]


@pytest.mark.parametrize("refusal", [DependencyUnavailable(), BeingChanged(), NotPermitted(), Busy()])
def test_nothing_else_is_repeated(around: Around, refusal: ServiceError) -> None:
    around.refusals["onward"] = [refusal]
    with pytest.raises(type(refusal)):
        around.forward(WEB, LOOK, b"", SESSION)
    assert around.names() == ["counted", "asked", "sent", "held back"]


def test_without_identity_nothing_is_forwarded(around: Around) -> None:
    around.refusals["authorise"] = [DependencyUnavailable()]
    with pytest.raises(DependencyUnavailable):
        around.forward(WEB, LOOK, b"", SESSION)
    assert "sent" not in around.names()


def test_whoever_calls_too_often_asks_nobody(around: Around) -> None:
    around.refusals["count"] = [Busy(retry_after_seconds=12)]
    with pytest.raises(Busy):
        around.forward(WEB, LOOK, b"", SESSION)
    assert around.names() == ["counted"]
