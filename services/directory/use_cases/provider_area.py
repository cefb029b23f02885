"""Whose providers a caller may keep: those of the own authority's area; the centre keeps them everywhere."""

from __future__ import annotations

from services.directory.use_cases.acting_organisation import act_of
from services.runtime.caller import Caller
from services.runtime.errors import NotPermitted

_EVERYWHERE = "ROLE_NATIONAL_ADMINISTRATOR"


def check_area(caller: Caller, authority: str) -> None:
    """Raise NotPermitted unless the caller may keep providers of that authority's area."""
    act = act_of(caller)
    if act.rol != _EVERYWHERE and act.aut != authority:
        raise NotPermitted
