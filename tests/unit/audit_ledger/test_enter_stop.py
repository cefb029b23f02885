"""The operator's stop: it takes a stopped standing of this service, from the newest one, and nothing else."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2

from services.audit.ledger import translate_stop
from services.audit.ledger.use_cases.enter_founding import EnterFounding, FirstParty
from services.audit.ledger.use_cases.enter_stop import EnterStop, Stop
from services.runtime.errors import BeingChanged, InvalidRequest, KeyReused, NotPermitted
from tests.fakes.audit_ledger import ENVIRONMENT, Ledger, in_memory

BEFORE = b"1" * 32


def asked(**said: object) -> Stop:
    stop = Stop(
        idempotency_key=str(uuid.uuid4()),
        environment=ENVIRONMENT,
        is_stop=True,
        previous_digest=BEFORE,
        digest=b"9" * 32,
        change="STOPPED_DRILL",
    )
    return replace(stop, **said)  # type: ignore[arg-type]  # its own fields


@pytest.fixture
def founded() -> Iterator[Ledger]:
    made = in_memory()
    EnterFounding(writer=made.writer)(
        (
            FirstParty("service", ENVIRONMENT, BEFORE),
            FirstParty("organisation", str(uuid.UUID(int=1)), b"2" * 32),
            FirstParty("person", str(uuid.UUID(int=2)), b"3" * 32),
        )
    )
    yield made
    made.stop()


def test_it_replaces_the_services_standing_and_its_repetition_is_itself(founded: Ledger) -> None:
    enter, stop = EnterStop(writer=founded.writer), asked()
    receipt = enter(stop)
    assert enter(stop) == receipt
    with pytest.raises(KeyReused):
        enter(replace(stop, digest=b"8" * 32))
    # What stood before is no longer the newest: neither another stop nor a token made from it is taken.
    with pytest.raises(BeingChanged):
        enter(asked())
    assert enter(asked(previous_digest=stop.digest, digest=b"7" * 32)).index > receipt.index


@pytest.mark.parametrize("said", [{"is_stop": False}, {"environment": "live"}])
def test_what_is_no_stop_of_this_service_is_refused_and_entered(founded: Ledger, said: dict[str, object]) -> None:
    enter, size = EnterStop(writer=founded.writer), founded.writer.size
    with pytest.raises(NotPermitted):
        enter(asked(**said))
    assert founded.writer.size == size + 1
    enter(asked())


def test_it_reads_for_itself_that_the_standing_is_stopped() -> None:
    standing = standing_pb2.ServiceStanding(format=1, environment=ENVIRONMENT, is_stopped=True, revision=2)
    content = standing.SerializeToString()
    request = pb.EnterStopRequest(previous_digest=BEFORE, standing=content, change="STOPPED_DEFECT")
    found = translate_stop.stop(request)
    assert (found.environment, found.is_stop, found.digest) == (ENVIRONMENT, True, hashlib.sha256(content).digest())
    standing.is_stopped = False
    request.standing = standing.SerializeToString()
    assert not translate_stop.stop(request).is_stop


@pytest.mark.parametrize("word", ["resumption_asked_by", "resumption_asked_at"])
def test_no_stop_has_the_first_custodians_word_in_it(word: str) -> None:
    """Else whoever holds identity's certificate is one of the two who let the service go on."""
    standing = standing_pb2.ServiceStanding(format=1, environment=ENVIRONMENT, is_stopped=True, revision=2)
    if word == "resumption_asked_by":
        standing.resumption_asked_by = str(uuid.UUID(int=7))
    else:
        standing.resumption_asked_at.GetCurrentTime()
    request = pb.EnterStopRequest(previous_digest=BEFORE, standing=standing.SerializeToString(), change="STOPPED_DRILL")
    assert not translate_stop.stop(request).is_stop


@pytest.mark.parametrize(
    "content", [b"\xff", standing_pb2.ServiceStanding(format=2, is_stopped=True).SerializeToString()]
)
def test_what_it_cannot_read_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        translate_stop.stop(pb.EnterStopRequest(standing=content))
