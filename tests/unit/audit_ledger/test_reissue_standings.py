"""A party whose newest standing is lost gets another one as two custodians accepted it: its sessions end, once."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace

import pytest

from services.audit.ledger.domain.entry import StandingChanged, SubjectKind
from services.audit.ledger.effects.accept_loss import AcceptLoss
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.errors import LossNotAccepted, NoSuchAct
from services.audit.ledger.use_cases.list_standing_changes import ListedChange, ListStandingChanges
from services.audit.ledger.use_cases.lower_heads import LossPart
from services.audit.ledger.use_cases.reissue_standings import Reissue, ReissueStandings
from services.runtime.errors import BeingChanged, KeyReused, NotAuthenticated, NotPermitted
from services.runtime.errors import StandingChanged as StandingIsAnother
from tests.fakes.audit_ledger import ENVIRONMENT, Ledger, Person, candidate
from tests.unit.audit_ledger.conftest import entries_of, last_entry

NEW = b"n" * 32
GRANT = "identity:AdministrationService/GrantRole"


def change(ledger: Ledger, kind: str, party: str, digest: bytes) -> ListedChange:
    """Let a party's standing become another; return what the log says of it."""
    effect = ChangeStanding(
        party_kind=kind,
        party_id=party,
        previous_digest=ledger.standings[kind, party],
        digest=digest,
        change="ROLE_GRANTED",
        ends_sessions=False,
    )
    ledger.enter(ledger.founder(), effect, method=GRANT)
    ledger.standings[kind, party] = digest
    return ListStandingChanges(writer=ledger.writer, log=ledger.log)(0).changes[-1]


def part_of(*changes: ListedChange) -> LossPart:
    """Return a loss of one part."""
    digest = hashlib.sha256(b"".join(one.act_id for one in changes)).digest()
    return LossPart(acts=tuple((one.act_id, one.index) for one in changes), parts=(digest,), count=len(changes))


def accept(ledger: Ledger, part: LossPart) -> None:
    for _ in range(2):
        effect = AcceptLoss(lost_digest=part.lost_digest, lost_count=part.count)
        ledger.enter(ledger.somebody("ROLE_CUSTODIAN"), effect, method="audit.review:CustodyService/AcceptLoss")


def reissue(ledger: Ledger, part: LossPart, asked: Reissue) -> bool:
    """Return whether it was news."""
    return ReissueStandings(writer=ledger.writer, log=ledger.log)(part, (asked,)) is not None


def test_sessions_of_before_end_and_the_old_standing_is_worth_nothing(ledger: Ledger, nurse: Person) -> None:
    lost = change(ledger, "person", nurse.person, b"l" * 32)
    part, asked = part_of(lost), Reissue("person", nurse.person, lost.index, lost.index, NEW)
    accept(ledger, part)
    ledger.search(nurse, [candidate(0)])
    assert reissue(ledger, part, asked)
    entry = last_entry(ledger)
    assert (entry.draft.act, entry.draft.rule) == ("standing.reissued", "LOSS_ACCEPTED")
    assert [one.kind for one in entry.subjects] == [SubjectKind.PERSON]
    with pytest.raises((NotAuthenticated, StandingIsAnother)):
        ledger.search(nurse, [candidate(0)])
    # Its session is over too: the newest standing does not wake it.
    ledger.standings["person", nurse.person] = NEW
    with pytest.raises(NotAuthenticated):
        ledger.search(nurse, [candidate(0)])


def test_what_was_given_is_not_given_twice(ledger: Ledger, nurse: Person) -> None:
    lost = change(ledger, "person", nurse.person, b"l" * 32)
    part, asked = part_of(lost), Reissue("person", nurse.person, lost.index, lost.index, NEW)
    accept(ledger, part)
    assert reissue(ledger, part, asked)
    size = len(entries_of(ledger))
    assert not reissue(ledger, part, asked)
    assert len(entries_of(ledger)) == size
    # And another is not given in the same name.
    with pytest.raises(BeingChanged):
        reissue(ledger, part, replace(asked, digest=b"o" * 32))


def test_nothing_is_given_to_whoever_has_changed_once_more(ledger: Ledger, nurse: Person) -> None:
    lost = change(ledger, "person", nurse.person, b"l" * 32)
    part, asked = part_of(lost), Reissue("person", nurse.person, lost.index, lost.index, NEW)
    accept(ledger, part)
    change(ledger, "person", nurse.person, b"m" * 32)
    with pytest.raises(BeingChanged):
        reissue(ledger, part, asked)


@pytest.mark.parametrize("wrong", ["another's", "what stood", "no entry", "a part that is none"])
def test_only_a_partys_own_lost_change_is_replaced_and_by_something_new(
    ledger: Ledger, nurse: Person, wrong: str
) -> None:
    before = ledger.standings["person", nurse.person]
    lost = change(ledger, "person", nurse.person, b"l" * 32)
    part, asked = part_of(lost), Reissue("person", nurse.person, lost.index, lost.index, NEW)
    accept(ledger, part)
    if wrong == "a part that is none":
        with pytest.raises(LossNotAccepted):
            reissue(ledger, replace(part, parts=(b"p" * 32,)), asked)
        return
    other = {
        "another's": replace(asked, party=str(uuid.uuid4())),
        "what stood": replace(asked, digest=before),
        "no entry": replace(asked, first_index=lost.index + 1),
    }[wrong]
    with pytest.raises(NoSuchAct):
        reissue(ledger, part, other)


def test_the_service_needs_no_custodian_and_is_never_void(ledger: Ledger) -> None:
    lost = change(ledger, "service", ENVIRONMENT, b"l" * 32)
    part, asked = part_of(lost), Reissue("service", ENVIRONMENT, lost.index, lost.index, b"")
    with pytest.raises(NoSuchAct):
        reissue(ledger, part, asked)
    # Nor does it go on by this: whoever has identity's certificate alone could say so.
    with pytest.raises(NotPermitted):
        reissue(ledger, part, replace(asked, digest=NEW))
    assert reissue(ledger, part, replace(asked, digest=NEW, is_stop=True))
    entry = last_entry(ledger)
    assert entry.draft.rule == "CLOSED"
    assert isinstance(entry.draft.effect, StandingChanged)
    assert entry.draft.effect.digest == NEW


def test_an_act_that_is_asked_for_again_with_another_standing_did_not_happen(ledger: Ledger, nurse: Person) -> None:
    effect = ChangeStanding(
        party_kind="person",
        party_id=nurse.person,
        previous_digest=ledger.standings["person", nurse.person],
        digest=b"l" * 32,
        change="ROLE_GRANTED",
        ends_sessions=False,
    )
    founder, key, req = ledger.founder(), str(uuid.uuid4()), hashlib.sha256(b"the same request").hexdigest()
    first = ledger.enter(founder, effect, method=GRANT, key=key, req=req)
    assert ledger.enter(founder, effect, method=GRANT, key=key, req=req).receipt == first.receipt
    planned_anew = replace(effect, previous_digest=b"l" * 32, digest=b"m" * 32)
    with pytest.raises(KeyReused):
        ledger.enter(founder, planned_anew, method=GRANT, key=key, req=req)
