"""A person bound secrets of their own: a change of standing without a session."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Refused
from services.audit.ledger.domain.entry import Draft, Outcome, Receipt, StandingChanged, Subject, SubjectKind
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork, digest_of, refused
from services.runtime.errors import BeingChanged, KeyReused


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A person's own binding of secrets."""

    idempotency_key: str
    person: str
    organisation: str
    previous_digest: bytes
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class EnterEnrolment:
    """Enters enrolments."""

    writer: Writer

    def __call__(self, enrolment: Enrolment, *, correlation: str = "") -> Receipt:
        """Return the entry's receipt, in a retry the first one's; raises BeingChanged, KeyReused."""
        asked = digest_of(enrolment.person, enrolment.organisation, enrolment.previous_digest, enrolment.digest)

        def act_id(keyring: Keyring) -> bytes:
            return keyring.act_id(enrolment.person, "EnterEnrolment", enrolment.idempotency_key)

        def decide(batch: Batch) -> Decision[Receipt]:
            name = act_id(batch.keyring)
            known = batch.acts.get(name)
            if known is not None:
                if known.request_digest != asked:
                    raise KeyReused
                return Decision(answer=lambda _: Receipt(known.index, known.leaf))
            draft = Draft(
                act="person.enrolled",
                outcome=Outcome.ALLOWED,
                rule="ENTERED",
                about=(
                    Subject(SubjectKind.PERSON, enrolment.person),
                    Subject(SubjectKind.ORGANISATION, enrolment.organisation),
                ),
                act_id=name,
                person=enrolment.person,
                organisation=enrolment.organisation,
                correlation=correlation,
                effect=StandingChanged(
                    "person", enrolment.person, enrolment.digest, "ENROLLED", replaced_digest=enrolment.previous_digest
                ),
            )
            if batch.registers.standings.get(("person", enrolment.person)) != enrolment.previous_digest:
                return refused(draft, Refused("PREVIOUS_DIGEST", BeingChanged()))
            act = Act(act_id=name, request_digest=asked, state=ActState.DONE, index=0, leaf=b"", at=batch.now)
            return Decision(entries=(draft,), acts=(act,), answer=lambda receipts: receipts[-1])

        return self.writer.write(ProcessWork(decide, act_id))
