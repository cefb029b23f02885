"""A sign-in: from its entry on, tokens of this session are accepted, for twelve hours at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.audit.ledger.domain.calls import Refused
from services.audit.ledger.domain.entry import Draft, Outcome, Receipt, SessionStarted, Subject, SubjectKind
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.limits import Limits
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork, refused
from services.runtime.errors import NotPermitted, StandingChanged


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A sign-in that identity has accepted."""

    session_tag: str
    person: str
    organisation: str
    amr: tuple[str, ...]
    channel: str
    person_digest: bytes
    organisation_digest: bytes


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The sign-in's entry, and when the session ends at the latest."""

    receipt: Receipt
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class EnterSession:
    """Enters sign-ins."""

    writer: Writer
    limits: Limits

    def __call__(self, sign_in: SignIn, *, correlation: str = "") -> SignedIn:
        """Return until when the session may live, once its entry is durable.

        Raises StandingChanged when identity decided from a standing that is not the newest, NotPermitted when the tag
        is another person's.
        """

        def decide(batch: Batch) -> Decision[SignedIn]:
            # A retry of the same sign-in does not make the session any younger.
            held = batch.registers.sessions.get(sign_in.session_tag)
            started_at = held.started_at if held else batch.now
            draft = Draft(
                act="session.started",
                outcome=Outcome.ALLOWED,
                rule="ENTERED",
                about=(
                    Subject(SubjectKind.PERSON, sign_in.person),
                    Subject(SubjectKind.ORGANISATION, sign_in.organisation),
                ),
                person=sign_in.person,
                organisation=sign_in.organisation,
                session_tag=sign_in.session_tag,
                amr=sign_in.amr,
                channel=sign_in.channel,
                correlation=correlation,
                effect=SessionStarted(started_at),
            )
            if held and (held.person, held.channel) != (sign_in.person, sign_in.channel):
                return refused(draft, Refused("SESSION_TAG_TAKEN", NotPermitted()))
            standings = batch.registers.standings
            if (
                standings.get(("person", sign_in.person)) != sign_in.person_digest
                or standings.get(("organisation", sign_in.organisation)) != sign_in.organisation_digest
            ):
                return refused(draft, Refused("STANDING_CHANGED", StandingChanged()))
            ends_at = started_at + timedelta(seconds=self.limits.session_seconds)
            return Decision(entries=(draft,), answer=lambda receipts: SignedIn(receipts[-1], ends_at))

        return self.writer.write(ProcessWork(decide, goes_on_in_a_gap=True))
