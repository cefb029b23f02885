"""Between wire messages and domain values. Shape is checked here, meaning is not."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from services.runtime.caller import Caller
from services.runtime.errors import InvalidRequest, NotAuthenticated
from services.shielding.domain import Case, Ground, Officer, ShieldState
from services.shielding.errors import NoAuthority
from services.shielding.ports import Asked, Receipt, Waiting
from services.shielding.sealing import Sealing

_GROUNDS = {
    pb.GROUND_WITNESS_PROTECTION: Ground.WITNESS_PROTECTION,
    pb.GROUND_DOMESTIC_ABUSE: Ground.DOMESTIC_ABUSE,
    pb.GROUND_ADOPTION: Ground.ADOPTION,
    pb.GROUND_OTHER_SIGNIFICANT_HARM: Ground.OTHER_SIGNIFICANT_HARM,
}
_WIRE_GROUNDS = {ground: value for value, ground in _GROUNDS.items()}
_WIRE_STATES = {
    ShieldState.REQUESTED: pb.SHIELD_STATE_REQUESTED,
    ShieldState.INTERIM: pb.SHIELD_STATE_INTERIM,
    ShieldState.ACTIVE: pb.SHIELD_STATE_ACTIVE,
}
_PAGE_SIZE = 50


def asked(caller: Caller, sealing: Sealing, idempotency_key: str) -> Asked:
    """Return the call as it came; raises NoAuthority where the caller's organisation belongs to none."""
    if caller.act is None or caller.act.sub is None or caller.token is None:
        raise NotAuthenticated
    by, key = Officer(person=uuid.UUID(caller.act.sub), authority=authority(caller)), uuid.UUID(idempotency_key)
    return Asked(
        by=by,
        name=sealing.act_name(by.person, caller.method, key),
        idempotency_key=key,
        digest=caller.digest,
        token=caller.token,
    )


def authority(caller: Caller) -> str:
    """Return the authority of the caller's organisation; raises NoAuthority where it belongs to none."""
    if caller.act is None or caller.act.sub is None:
        raise NotAuthenticated
    if caller.act.aut is None:
        raise NoAuthority
    return caller.act.aut


def ground(value: pb.Ground.ValueType) -> Ground:
    """Return the coded ground; raises InvalidRequest for none."""
    try:
        return _GROUNDS[value]
    except KeyError:
        raise InvalidRequest([("ground", "REQUIRED")]) from None


def page_size(value: int) -> int:
    """Return how many cases a page has."""
    return value or _PAGE_SIZE


def receipt(given: Receipt) -> pb.Receipt:
    """Return the receipt for the wire."""
    return pb.Receipt(index=given.index, leaf=given.leaf)


def cases(given: Sequence[Case]) -> list[pb.ShieldCase]:
    """Return cases for the wire: none names a child."""
    return [
        pb.ShieldCase(
            case_id=str(case.case_id),
            state=_WIRE_STATES[case.state],
            ground=_WIRE_GROUNDS.get(case.ground, pb.GROUND_UNSPECIFIED),
            is_recovered=case.ground is Ground.LOST,
            opened_at=_timestamp(case.opened_at),
            opened_by=str(case.opened_by),
            due_at=_timestamp(case.due_at),
        )
        for case in given
    ]


def counts(found: Waiting) -> pb.CountShieldCasesResponse:
    """Return how much waits."""
    return pb.CountShieldCasesResponse(
        waiting=found.cases,
        overdue=found.overdue,
        oldest_opened_at=_timestamp(found.oldest_opened_at) if found.oldest_opened_at else None,
        next_due_at=_timestamp(found.next_due_at) if found.next_due_at else None,
    )


def next_page_token(sealing: Sealing, authority: str, page: Sequence[Case], size: int) -> bytes:
    """Return the sealed position after a full page, nothing after the last one."""
    if len(page) < size:
        return b""
    return sealing.page_token(authority, page[-1].opened_at.isoformat(), page[-1].case_id)


def _timestamp(instant: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(instant)
    return made
