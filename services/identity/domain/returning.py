"""What a party gets in place of standings that a restore has lost: made of what is held, and closed."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from services.identity.domain.losses import LoggedChange
from services.identity.domain.standing import (
    Accreditation,
    OrganisationStanding,
    PersonStanding,
    ServiceStanding,
    Standing,
    SystemStanding,
)

_WITHDRAWN = "ACCREDITATION_WITHDRAWN"


def returning(held: Standing, lost: tuple[LoggedChange, ...]) -> Standing:
    """Return the standing anew: the same from the same, so that a mending that was stopped goes on.

    Which factor, condition or role was taken away since, nobody knows: a person comes back as on the first day, and
    suspended.
    """
    # Each lost change had a revision of its own.
    revision = held.revision + len(lost) + 1
    match held:
        case PersonStanding():
            return PersonStanding(
                person=held.person,
                organisation=held.organisation,
                username_digest=held.username_digest,
                is_suspended=True,
                revision=revision,
            )
        case OrganisationStanding():
            is_withdrawn = held.state is Accreditation.WITHDRAWN or any(one.change == _WITHDRAWN for one in lost)
            state = Accreditation.WITHDRAWN if is_withdrawn else Accreditation.SUSPENDED
            return replace(held, state=state, expires_at=None, revision=revision)
        case SystemStanding():
            return replace(held, is_suspended=True, revision=revision)
        case ServiceStanding():
            # Perhaps a newer policy stands: then everybody reads it once more, and otherwise too.
            version = held.policy_version + len(lost)
            return ServiceStanding(
                environment=held.environment, is_stopped=True, policy_version=version, revision=revision
            )
        case _:
            assert_never(held)
