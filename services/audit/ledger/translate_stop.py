"""Between wire messages and domain values, for a stop of the service; as `translate.py`."""

from __future__ import annotations

import hashlib

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2
from google.protobuf.message import DecodeError

from services.audit.ledger.use_cases.enter_stop import Stop
from services.runtime.errors import InvalidRequest

_FORMAT = 1


def service_standing(content: bytes) -> standing_pb2.ServiceStanding:
    """Return what a service's standing says; raises InvalidRequest for bytes that are none of a known format."""
    try:
        after = standing_pb2.ServiceStanding.FromString(content)
    except DecodeError:
        raise InvalidRequest([("standing", "MALFORMED")]) from None
    if after.format != _FORMAT:
        raise InvalidRequest([("standing", "MALFORMED")])
    return after


def is_stop(after: standing_pb2.ServiceStanding) -> bool:
    """Return whether a standing stops the service: with one custodian's word in it a second one alone would resume."""
    return after.is_stopped and not after.resumption_asked_by and not after.HasField("resumption_asked_at")


def stop(request: pb.EnterStopRequest) -> Stop:
    """Return a stop; raises InvalidRequest for bytes that are no standing of a known format."""
    after = service_standing(request.standing)
    return Stop(
        idempotency_key=request.idempotency_key,
        environment=after.environment,
        is_stop=is_stop(after),
        previous_digest=request.previous_digest,
        digest=hashlib.sha256(request.standing).digest(),
        change=request.change,
    )
