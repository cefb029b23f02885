"""The person sets the password and binds the authenticator that shows the code given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from services.identity import one_time_codes, standing_format
from services.identity.domain.acts import ActName, ChangeOfStanding, NewFactors, Outcome, PendingAct, Shape
from services.identity.domain.enrolment import Enrolment
from services.identity.domain.standing import CODE, PASSWORD, Factor, PersonStanding, Stored
from services.identity.errors import CodeRefused, EnrolmentRefused, WeakPassword
from services.identity.ports import Enrolments, Parties, Passwords, Refusals
from services.identity.use_cases.three_steps import ThreeSteps
from services.runtime.caller import Caller
from services.runtime.clock import Clock


@dataclass(frozen=True, kw_only=True)
class CompleteEnrolment:
    """Both factors at once; a change of standing without a session, entered under our own name."""

    enrolments: Enrolments
    refusals: Refusals
    parties: Parties
    passwords: Passwords
    three_steps: ThreeSteps
    clock: Clock

    def __call__(self, caller: Caller, *, link: str, code: str, password: str, totp_code: str) -> Outcome:
        """Return how the act ended; raises EnrolmentRefused, CodeRefused, WeakPassword, Busy, BeingChanged."""
        now = self.clock.now()
        enrolment = self.enrolments.open(link, code, now)
        stored = None if enrolment is None else self.parties.person(enrolment.person)
        if enrolment is None or stored is None or stored.standing.factors:
            self.refusals.count("enrolment", EnrolmentRefused.reason)
            raise EnrolmentRefused
        step = one_time_codes.matching_step(enrolment.secret, totp_code, now)
        if step is None:
            raise CodeRefused
        with self.passwords.admitted():
            if self.passwords.is_weak(password, [enrolment.username, *enrolment.name.split()]):
                raise WeakPassword
            password_hash = self.passwords.hash(password)
        act = self._act(caller, enrolment, stored, password_hash=password_hash, step=step, now=now)
        self.three_steps.acts.prepare(act)
        return self.three_steps.drive(act, is_ours=True)

    def _act(
        self,
        caller: Caller,
        enrolment: Enrolment,
        stored: Stored[PersonStanding],
        *,
        password_hash: bytes,
        step: int,
        now: datetime,
    ) -> PendingAct:
        sealed_secret = self.enrolments.seal_secret(enrolment)
        factors = tuple(
            Factor(
                method=method,
                secret_digest=hashlib.sha256(secret).digest(),
                bound_at=now,
                vouched_by=enrolment.vouched_by,
            )
            for method, secret in ((PASSWORD, password_hash), (CODE, sealed_secret))
        )
        after = replace(stored.standing, factors=factors, revision=stored.standing.revision + 1)
        content = standing_format.write(after)
        effect = ChangeOfStanding(
            party=after.party,
            previous_digest=stored.digest,
            standing=content,
            digest=standing_format.digest(content),
            change="FACTORS_BOUND",
            ends_sessions=True,
        )
        bound = NewFactors(
            enrolment=enrolment.id, password_hash=password_hash, sealed_secret=sealed_secret, last_step=step
        )
        return PendingAct(
            name=ActName(enrolment.person, caller.method, enrolment.act_key),
            request_digest=caller.digest,
            subject=after.party,
            shape=Shape.ENROLMENT,
            effect=effect,
            addition=bound,
            organisation=after.organisation,
            started_at=now,
        )
