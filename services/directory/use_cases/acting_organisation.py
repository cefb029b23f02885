"""For which organisation a call is made: the source of what it says."""

from __future__ import annotations

from uuid import UUID

from services.runtime.caller import Caller
from services.runtime.errors import NotAuthenticated
from services.runtime.tokens import Act

_CENTRE = "ROLE_NATIONAL_ADMINISTRATOR"


def act_of(caller: Caller) -> Act:
    """Return what the caller's token says; raises NotAuthenticated without one."""
    if caller.act is None:
        raise NotAuthenticated
    return caller.act


def acting_organisation(caller: Caller) -> UUID:
    """Return the organisation that the person acts for, or that the supplier's system belongs to."""
    return UUID(act_of(caller).org)


def is_of_own_area(caller: Caller, authority: str) -> bool:
    """Whether the caller keeps the providers of an authority: its own data manager does, and the centre everywhere."""
    act = act_of(caller)
    return act.aut == authority or act.rol == _CENTRE
