"""The edge asks for the right to make one call: every condition is judged now, from stored standings alone."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from services.identity.domain import conditions, roles
from services.identity.domain.conditions import Condition
from services.identity.domain.session import Session, SessionLimits
from services.identity.domain.standing import (
    CODE,
    PASSWORD,
    OrganisationStanding,
    PersonStanding,
    ServiceStanding,
    Standing,
    Stored,
    SystemStanding,
)
from services.identity.errors import LAPSED, ServiceStopped, SessionEnded
from services.identity.ports import Colleague, Judged, Ledger, Refusal, Refusals, Sessions, Signer
from services.identity.sealing import digest_of
from services.identity.use_cases.begin_mediation import might_look
from services.runtime import tokens
from services.runtime.access import AccessTable, Assurance, Exposure, MethodAccess, permissions_of
from services.runtime.clock import Clock
from services.runtime.errors import NotPermitted, ServiceError
from services.runtime.tokens import Act

# Noting every single use would be a write for every call; a session may end so much too early instead.
TOUCH_AFTER = timedelta(seconds=15)
_BOTH = (PASSWORD, CODE)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One call that waits at the edge."""

    session: str
    method: str
    request_digest: bytes
    channel: str
    system: str
    channel_name: str = ""
    """Whom the channel's certificate names; empty from an edge of the release before."""

    def __repr__(self) -> str:
        """Return a text without the session's handle."""
        return f"Asked(method={self.method!r})"


@dataclass(frozen=True, kw_only=True)
class Authorise:
    """One statement, one judgement, one signature."""

    sessions: Sessions
    ledger: Ledger
    refusals: Refusals
    signer: Signer
    table: AccessTable
    environment: str
    limits: SessionLimits
    clock: Clock

    def __call__(self, asked: Asked, asking_certificate: str) -> str:
        """Return the token for this one call, bound to the certificate of who asks.

        Raises SessionEnded without a live session of this channel, a ConditionLapsed, or NotPermitted, the same for a
        method that is unknown, internal or forbidden.
        """
        listed = self.table.get(asked.method)
        method = listed if listed is not None and listed.exposure is Exposure.EDGE else None
        if not asked.session:
            return self._for_system(asked, method, asking_certificate)
        return self._for_person(asked, method, asking_certificate)

    def _for_person(self, asked: Asked, method: MethodAccess | None, certificate: str) -> str:
        now = self.clock.now()
        judged = self.sessions.judged(digest_of(asked.session), asked.system)
        session = judged.session
        if session is None or not session.came_by(asked.channel, asked.channel_name):
            self.refusals.count("authorise", SessionEnded.reason)
            raise SessionEnded
        if not session.is_live_at(now, self.limits):
            self.sessions.end(session.tag, now)
            self._refuse(session, asked.method, SessionEnded())
        person, organisation, service = judged.person, judged.organisation, judged.service
        if person is None or organisation is None or service is None or not _is_of(session, person, organisation):
            self._refuse(session, asked.method, SessionEnded())
        failing = conditions.lapsed(person.standing, organisation.standing, service.standing, now)
        is_outside = any(condition is not Condition.POLICY for condition in failing)
        if is_outside:
            # The lapse ends the session: when the condition is mended the person signs in again.
            self.sessions.end(session.tag, now)
            self._refuse(session, asked.method, LAPSED[failing[0]]())
        is_stopped = service.standing.is_stopped
        role = _role(method, person.standing, organisation.standing, now, is_stopped=is_stopped)
        if method is None or role is None or not _may_come_through(asked.system, judged, person.standing):
            self._refuse(session, asked.method, ServiceStopped() if is_stopped else NotPermitted())
        if failing and not conditions.may_before_policy(method.permission):
            self._refuse(session, asked.method, LAPSED[failing[0]]())
        colleague = _colleague(judged, method, role, service.standing, now)
        token = self._signed(
            method,
            asked,
            certificate,
            now,
            system=judged.system,
            stored=(person, organisation, service),
            session=session,
            role=role,
            colleague=colleague,
        )
        if now - session.last_used_at >= TOUCH_AFTER:
            self.sessions.touch(session.tag, now)
        if asked.channel_name and not session.channel_name:
            # By its own certificate so far; from now on also by one that names the same process or system: a renewal
            # signs nobody out.
            self.sessions.name_channel(session.tag, asked.channel_name)
        return token

    def _for_system(self, asked: Asked, method: MethodAccess | None, certificate: str) -> str:
        if method is None or method.assurance is not Assurance.SYSTEM or not asked.system:
            # Whether or not the method exists: without a session nobody learns.
            self.refusals.count("authorise", SessionEnded.reason)
            raise SessionEnded
        now = self.clock.now()
        judged = self.sessions.judged_system(asked.system)
        system, organisation, service = judged.system, judged.organisation, judged.service
        if (
            system is None
            or organisation is None
            or service is None
            or not conditions.may_supply(system.standing, organisation.standing, service.standing, now)
        ):
            # As above: to whoever may not supply there is no such method.
            self.refusals.count(asked.method, SessionEnded.reason)
            raise SessionEnded
        return self._signed(method, asked, certificate, now, system=system, stored=(organisation, service))

    def _signed(
        self,
        method: MethodAccess,
        asked: Asked,
        certificate: str,
        now: datetime,
        *,
        system: Stored[SystemStanding] | None,
        stored: tuple[Stored[PersonStanding] | Stored[OrganisationStanding] | Stored[ServiceStanding], ...],
        session: Session | None = None,
        role: str | None = None,
        colleague: Colleague | None = None,
    ) -> str:
        organisation = next(one.standing for one in stored if isinstance(one.standing, OrganisationStanding))
        beside = (system,) if system is not None else ()
        theirs = (colleague.person, colleague.organisation) if colleague is not None else ()
        # Each party once: the colleague is often of the mediator's own organisation.
        standings = {one.standing.party: one for one in (*theirs, *stored, *beside)}.values()
        issued_at = int(now.timestamp())
        return self.signer.sign(
            Act(
                aud=method.process,
                mth=method.full_name,
                req=asked.request_digest.hex(),
                jti=str(uuid.uuid4()),
                iat=issued_at,
                exp=issued_at + self.limits.token_seconds,
                env=self.environment,
                org=organisation.organisation,
                acr=tokens.TWO_FACTOR if session else tokens.SYSTEM,
                amr=_BOTH if session else (),
                aut=organisation.authority or None,
                cnf=certificate,
                std=tuple(_claim(one.standing, one.digest) for one in standings),
                sub=session.person if session else None,
                sid=session.tag if session else None,
                rol=role,
                sys=system.standing.system if system else None,
                ben=colleague.person.standing.person if colleague else None,
            )
        )

    def _refuse(self, session: Session, method: str, refusal: ServiceError) -> NoReturn:
        # Entered first: who is refused, and at what, is in the log before the answer leaves.
        self.ledger.enter_refusal(
            Refusal(
                act=method[:120],
                rule=refusal.reason,
                person=session.person,
                organisation=session.organisation,
                session_tag=session.tag,
            )
        )
        raise refusal


def _is_of(session: Session, person: Stored[PersonStanding], organisation: Stored[OrganisationStanding]) -> bool:
    """Whether the standings are the session's: the columns that found them decide nothing."""
    return (
        person.standing.person == session.person
        and person.standing.organisation == organisation.standing.organisation == session.organisation
    )


def _role(
    method: MethodAccess | None,
    person: PersonStanding,
    organisation: OrganisationStanding,
    now: datetime,
    *,
    is_stopped: bool,
) -> str | None:
    """Return the one role that a call uses: the first granted that has the permission, None if none has."""
    if method is None or method.assurance is not Assurance.TWO_FACTOR:
        return None
    permission = method.permission
    return next(
        (
            role
            for role in person.roles_at(now)
            if permission in permissions_of(role)
            and conditions.lets(organisation, permission, role)
            and (not is_stopped or conditions.may_while_stopped(permission, role))
        ),
        None,
    )


def _colleague(
    judged: Judged, method: MethodAccess, role: str, service: ServiceStanding, now: datetime
) -> Colleague | None:
    """Return for whom a mediator's call is made, None where nobody is named, or no longer gets in either."""
    found = judged.colleague
    if found is None or not roles.is_mediated(role, method.permission) or now >= found.until:
        return None
    person, organisation = found.person.standing, found.organisation.standing
    has_lapsed = conditions.lapsed(person, organisation, service, now) or not might_look(person, organisation, now)
    return None if has_lapsed else found


def _may_come_through(system: str, judged: Judged, person: PersonStanding) -> bool:
    if not system:
        return True
    return judged.system is not None and conditions.may_bring(judged.system.standing, person)


def _claim(standing: Standing, digest: bytes) -> tokens.Standing:
    return tokens.Standing(standing.party.kind, standing.party.id, digest.hex())
