"""What the log knows of lost steps of shields is told once two custodians accepted exactly them, twenty at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from services.audit.ledger.domain.entry import SubjectKind
from services.audit.ledger.effects import Entered
from services.audit.ledger.effects.accept_loss import AcceptLoss
from services.audit.ledger.errors import LossNotAccepted, NoSuchAct
from services.audit.ledger.use_cases.lower_heads import LossPart
from services.audit.ledger.use_cases.recover_shield_steps import MOST, RecoveredSteps, RecoverShieldSteps
from tests.fakes.audit_ledger import AREA, Ledger, Person
from tests.unit.audit_ledger.conftest import entries_of


def part_of(steps: Sequence[Entered]) -> LossPart:
    """Return a loss of one part, newest step first."""
    acts = tuple((one.act_id, one.receipt.index) for one in reversed(steps))
    digest = hashlib.sha256(b"".join(act_id for act_id, _ in acts)).digest()
    return LossPart(acts=acts, parts=(digest,), count=len(acts))


def accept(ledger: Ledger, part: LossPart, custodians: int = 2) -> None:
    for _ in range(custodians):
        effect = AcceptLoss(lost_digest=part.lost_digest, lost_count=part.count)
        ledger.enter(ledger.somebody("ROLE_CUSTODIAN"), effect, method="audit.review:CustodyService/AcceptLoss")


def recover(ledger: Ledger, part: LossPart, position: int = 0) -> RecoveredSteps:
    return RecoverShieldSteps(writer=ledger.writer, log=ledger.log)(part, position)


def test_two_are_needed_and_each_telling_is_an_entry_about_the_child(ledger: Ledger, nurse: Person) -> None:
    police, number = ledger.somebody("ROLE_PROTECTION_PRACTITIONER"), ledger.create(nurse).number
    closed = ledger.close(police, number=number)
    part = part_of([closed])
    for custodians in (0, 1):
        accept(ledger, part, custodians)
        with pytest.raises(LossNotAccepted):
            recover(ledger, part)
    accept(ledger, part, 1)
    size = len(entries_of(ledger))
    (step,) = recover(ledger, part).steps
    assert (step.number, step.person, step.authority, step.closes) == (number, police.person, AREA, True)
    assert step.receipt == closed.receipt
    (entry,) = entries_of(ledger)[size:]
    assert (entry.draft.act, entry.draft.rule) == ("shield.recovered", "LOSS_ACCEPTED")
    assert [one.kind for one in entry.subjects] == [SubjectKind.CHILD]


def test_no_more_than_twenty_are_told_and_no_other_part(ledger: Ledger, nurse: Person) -> None:
    police, number = ledger.somebody("ROLE_PROTECTION_PRACTITIONER"), ledger.create(nurse).number
    part = part_of([ledger.close(police, number=number) for _ in range(MOST + 1)])
    accept(ledger, part)
    assert [len(recover(ledger, part, at).steps) for at in (0, MOST)] == [MOST, 1]
    with pytest.raises(NoSuchAct):
        recover(ledger, part, MOST + 1)
    other = LossPart(acts=part.acts[1:], parts=part.parts, count=part.count)
    with pytest.raises(LossNotAccepted):
        recover(ledger, other)
