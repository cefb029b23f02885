"""The person who holds link and code sees the new authenticator's secret; nobody else ever does."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity import one_time_codes
from services.identity.domain.enrolment import Enrolment
from services.identity.errors import EnrolmentRefused
from services.identity.ports import Enrolments, Refusals
from services.runtime.clock import Clock


@dataclass(frozen=True, kw_only=True)
class EnrolmentShown:
    """What the person needs to set up an authenticator."""

    enrolment: Enrolment
    uri: str


@dataclass(frozen=True, kw_only=True)
class BeginEnrolment:
    """The same secret at every showing, so that a lost answer costs nothing."""

    enrolments: Enrolments
    refusals: Refusals
    clock: Clock

    def __call__(self, *, link: str, code: str) -> EnrolmentShown:
        """Return the secret; raises EnrolmentRefused for whatever is wrong."""
        enrolment = self.enrolments.open(link, code, self.clock.now())
        if enrolment is None:
            self.refusals.count("enrolment", EnrolmentRefused.reason)
            raise EnrolmentRefused
        return EnrolmentShown(enrolment=enrolment, uri=one_time_codes.uri(enrolment.secret, enrolment.username))
