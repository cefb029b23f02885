"""Between wire messages and domain values, for a stop of the service; as `translate.py`."""

from __future__ import annotations

import hashlib

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.identity.v1 import standing_pb2
from google.protobuf.message import DecodeError

from services.audit.ledger.use_cases.enter_stop import Stop
from services.runtime.errors import InvalidRequest

_FORMAT = 1


def stop(request: pb.EnterStopRequest) -> Stop:
    """Return a stop; raises InvalidRequest for bytes that are no standing of a known format."""
    try:
        after = standing_pb2.ServiceStanding.FromString(request.standing)
    except DecodeError:
        raise InvalidRequest([("standing", "MALFORMED")]) from None
    if after.format != _FORMAT:
        raise InvalidRequest([("standing", "MALFORMED")])
    return Stop(
        idempotency_key=request.idempotency_key,
        environment=after.environment,
        is_stopped=after.is_stopped,
        previous_digest=request.previous_digest,
        digest=hashlib.sha256(request.standing).digest(),
        change=request.change,
    )
