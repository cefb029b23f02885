"""How a pending step is written down before it is sealed."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime
from typing import Any

from services.shielding.domain import Case, Ground, ShieldState, Step
from services.shielding.ports import Act, Child, Pending


def to_bytes(pending: Pending) -> bytes:
    """Return the step, its act and its token as JSON."""
    step, act = pending.step, pending.act
    return json.dumps(
        {
            "name": str(pending.name),
            "digest": pending.digest.hex(),
            "token": pending.token,
            "before": _case_to_json(step.before) if step.before is not None else None,
            "case": _case_to_json(step.case),
            "closes": step.closes,
            "is_interim": step.is_interim,
            "idempotency_key": str(act.idempotency_key),
            "handle": base64.b64encode(act.child.handle).decode(),
            "number": act.child.number,
            "known_index": pending.known_index,
        }
    ).encode()


def from_bytes(content: bytes) -> Pending:
    """Return the pending step that `to_bytes` wrote."""
    said: dict[str, Any] = json.loads(content)
    closes, is_interim = said["closes"], said["is_interim"]
    before = _case_from_json(said["before"]) if said["before"] is not None else None
    return Pending(
        name=uuid.UUID(said["name"]),
        digest=bytes.fromhex(said["digest"]),
        token=said["token"],
        step=Step(before=before, case=_case_from_json(said["case"]), closes=closes, is_interim=is_interim),
        act=Act(
            idempotency_key=uuid.UUID(said["idempotency_key"]),
            child=Child(handle=base64.b64decode(said["handle"]), number=said["number"]),
            closes=closes,
            is_interim=is_interim,
        ),
        known_index=said["known_index"],
    )


def written_ground(ground: Ground) -> str:
    """Return a ground as the release before can read it; that it is lost is kept beside the case."""
    return str((Ground.OTHER_SIGNIFICANT_HARM if ground is Ground.LOST else ground).value)


def _case_to_json(case: Case) -> dict[str, str | None]:
    return {
        "case_id": str(case.case_id),
        "state": case.state.value,
        "ground": written_ground(case.ground),
        "authority": case.authority,
        "opened_at": case.opened_at.isoformat(),
        "opened_by": str(case.opened_by),
        "first_officer": str(case.first_officer) if case.first_officer else None,
        "second_officer": str(case.second_officer) if case.second_officer else None,
        "due_at": case.due_at.isoformat(),
    }


def _case_from_json(said: dict[str, Any]) -> Case:
    return Case(
        case_id=uuid.UUID(said["case_id"]),
        state=ShieldState(said["state"]),
        ground=Ground(said["ground"]),
        authority=said["authority"],
        opened_at=datetime.fromisoformat(said["opened_at"]),
        opened_by=uuid.UUID(said["opened_by"]),
        first_officer=uuid.UUID(said["first_officer"]) if said["first_officer"] else None,
        second_officer=uuid.UUID(said["second_officer"]) if said["second_officer"] else None,
        due_at=datetime.fromisoformat(said["due_at"]),
    )
