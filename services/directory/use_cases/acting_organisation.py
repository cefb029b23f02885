"""For which organisation a call is made: the source of what it says."""

from __future__ import annotations

from uuid import UUID

from services.runtime.caller import Caller
from services.runtime.errors import NotAuthenticated
from services.runtime.tokens import Act


def act_of(caller: Caller) -> Act:
    """Return what the caller's token says; raises NotAuthenticated without one."""
    if caller.act is None:
        raise NotAuthenticated
    return caller.act


def acting_organisation(caller: Caller) -> UUID:
    """Return the organisation that the person acts for, or that the supplier's system belongs to."""
    return UUID(act_of(caller).org)
