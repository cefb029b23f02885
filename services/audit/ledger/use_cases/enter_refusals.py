"""A refusal that identity made: of one known person, or a minute's count of others."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger.domain.entry import Draft, Outcome, Receipt, Subject, SubjectKind
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """What was refused, by which rule, how often, and to whom if that is known."""

    act: str
    rule: str
    person: str
    organisation: str
    session_tag: str
    count: int


@dataclass(frozen=True, kw_only=True)
class EnterRefusals:
    """Enters refusals."""

    writer: Writer

    def __call__(self, refusals: Refusals, *, correlation: str = "") -> Receipt:
        """Return the entry's receipt, once it is durable."""
        known = ((SubjectKind.PERSON, refusals.person), (SubjectKind.ORGANISATION, refusals.organisation))
        draft = Draft(
            act=refusals.act,
            outcome=Outcome.REFUSED,
            rule=refusals.rule,
            about=tuple(Subject(kind, name) for kind, name in known if name),
            person=refusals.person,
            organisation=refusals.organisation,
            session_tag=refusals.session_tag,
            correlation=correlation,
            count=refusals.count,
        )

        def decide(_: Batch) -> Decision[Receipt]:
            return Decision(entries=(draft,), answer=lambda receipts: receipts[-1])

        return self.writer.write(ProcessWork(decide, goes_on_in_a_gap=True))
