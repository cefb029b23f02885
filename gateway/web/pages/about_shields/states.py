"""How far a shield is, in the words of those who decide."""

from __future__ import annotations

from contactpoint.shielding.v1 import shielding_service_pb2 as pb

_STATES = {
    pb.SHIELD_STATE_REQUESTED: "Asked for: nothing is hidden yet",
    pb.SHIELD_STATE_INTERIM: "Hidden by one person: a second decision is due",
    pb.SHIELD_STATE_ACTIVE: "Hidden by two people",
}


def written(state: int) -> str:
    """Return a state in words."""
    return _STATES.get(pb.ShieldState.ValueType(state), "Unknown")
