"""Lost acts are taken back only as two custodians accepted them: heads go down, states and endings do not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.domain.entry import HeadsLowered, Section, SubjectKind
from services.audit.ledger.effects.accept_loss import AcceptLoss
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.errors import LossNotAccepted, NoSuchAct
from services.audit.ledger.use_cases import lower_heads
from services.audit.ledger.use_cases.list_ended_acts import ListEndedActs
from services.audit.ledger.use_cases.lower_heads import LossPart, Lowered, LowerHeads
from services.runtime.errors import NotPermitted
from tests.fakes.audit_ledger import Ledger, MemoryLog, MemoryStore, Person, candidate
from tests.unit.audit_ledger.conftest import entries_of, last_entry

ACCEPT = "audit.review:CustodyService/AcceptLoss"


def ended(ledger: Ledger, start: int = 0) -> dict[bytes, int]:
    """Return the acts that ended done since, with their entries."""
    listing = ListEndedActs(writer=ledger.writer, log=ledger.log)
    found: dict[bytes, int] = {}
    page = listing(start)
    while True:
        found |= {one.act_id: one.index for one in page.acts if not one.lost_digest}
        if page.next_index >= page.size:
            return found
        page = listing(page.next_index)


def part_of(ledger: Ledger, act_ids: Sequence[bytes]) -> LossPart:
    """Return a loss of one part, newest act first."""
    places = ended(ledger)
    acts = tuple(sorted(((one, places[one]) for one in act_ids), key=lambda act: -act[1]))
    digest = hashlib.sha256(b"".join(act_id for act_id, _ in acts)).digest()
    return LossPart(acts=acts, parts=(digest,), count=len(acts))


def accept(ledger: Ledger, custodian: Person, part: LossPart) -> None:
    effect = AcceptLoss(lost_digest=part.lost_digest, lost_count=part.count)
    ledger.enter(custodian, effect, method=ACCEPT)


def accepted(ledger: Ledger, act_ids: Sequence[bytes]) -> LossPart:
    """Return a loss that two custodians have accepted."""
    part = part_of(ledger, act_ids)
    for _ in range(2):
        accept(ledger, ledger.somebody("ROLE_CUSTODIAN"), part)
    return part


def lower(ledger: Ledger, part: LossPart) -> Lowered:
    return LowerHeads(writer=ledger.writer, log=ledger.log)(part)


def versions(ledger: Ledger, who: Person, number: int) -> dict[Section, int]:
    """Return the versions of which a look is given keys."""
    handle = ledger.search(who, [candidate(number)]).slots[0].handle
    return {one.version.section: one.version.number for one in ledger.look(who, handle).keys}


def written(ledger: Ledger, who: Person, number: int, own: int = 0) -> bytes:
    """Return an act that replaced the services of a child, settled."""
    handle = ledger.search(who, [candidate(number)]).slots[0].handle
    act_id = ledger.write(who, handle, own=own).act_id
    ledger.settle(act_id)
    return act_id


def test_heads_go_down_to_what_stood_before_the_earliest_lost_act(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    written(ledger, nurse, number)
    before = versions(ledger, nurse, number)
    lost = [written(ledger, nurse, number), written(ledger, nurse, number)]
    assert versions(ledger, nurse, number)[Section.SERVICES] == before[Section.SERVICES] + 2
    assert lower(ledger, accepted(ledger, lost)) == Lowered(lowered=2, closed=0, remaining=0)
    assert versions(ledger, nurse, number) == before
    # A version that was given out is not given out again.
    written(ledger, nurse, number)
    assert versions(ledger, nurse, number)[Section.SERVICES] == before[Section.SERVICES] + 3


def test_each_act_is_entered_about_its_child_and_its_retry_is_told_that_nothing_is_recorded(
    ledger: Ledger, nurse: Person
) -> None:
    number = ledger.create(nurse).number
    act_id = written(ledger, nurse, number)
    part = accepted(ledger, [act_id])
    lower(ledger, part)
    entry = last_entry(ledger)
    assert entry.draft.effect == HeadsLowered(act_id, part.lost_digest, 1, 0)
    assert [one.kind for one in entry.subjects] == [SubjectKind.CHILD]
    assert ledger.settle(act_id).state is ActState.NOT_DONE
    listed = ListEndedActs(writer=ledger.writer, log=ledger.log)(0).acts
    assert [one.lost_digest for one in listed if one.act_id == act_id] == [b"", part.lost_digest]


def test_one_custodian_twice_is_not_two(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    part = part_of(ledger, [written(ledger, nurse, number)])
    custodian = ledger.somebody("ROLE_CUSTODIAN")
    for _ in range(2):
        accept(ledger, custodian, part)
    before = versions(ledger, nurse, number)
    with pytest.raises(LossNotAccepted):
        lower(ledger, part)
    assert versions(ledger, nurse, number) == before


def test_two_who_accept_a_week_apart_are_not_two(ledger: Ledger, nurse: Person) -> None:
    part = part_of(ledger, [written(ledger, nurse, ledger.create(nurse).number)])
    accept(ledger, ledger.somebody("ROLE_CUSTODIAN"), part)
    ledger.clock.move(timedelta(days=7, seconds=1).total_seconds())
    accept(ledger, ledger.somebody("ROLE_CUSTODIAN"), part)
    with pytest.raises(LossNotAccepted):
        lower(ledger, part)
    accept(ledger, ledger.somebody("ROLE_CUSTODIAN"), part)
    assert lower(ledger, part).lowered == 1


def test_the_word_of_a_custodian_whose_standing_changed_since_does_not_count(ledger: Ledger, nurse: Person) -> None:
    part = part_of(ledger, [written(ledger, nurse, ledger.create(nurse).number)])
    custodian = ledger.somebody("ROLE_CUSTODIAN")
    accept(ledger, custodian, part)
    suspension = ChangeStanding(
        party_kind="person",
        party_id=custodian.person,
        previous_digest=ledger.standings["person", custodian.person],
        digest=b"s" * 32,
        change="SUSPENDED",
        ends_sessions=True,
    )
    ledger.enter(ledger.founder(), suspension, method="identity:AdministrationService/SuspendPerson")
    accept(ledger, ledger.somebody("ROLE_CUSTODIAN"), part)
    with pytest.raises(LossNotAccepted):
        lower(ledger, part)
    accept(ledger, ledger.somebody("ROLE_CUSTODIAN"), part)
    assert lower(ledger, part).lowered == 1


def test_only_the_loss_that_was_accepted_is_taken_back(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    one, other = written(ledger, nurse, number), written(ledger, nurse, number)
    accepted(ledger, [one])
    for wrong in ([other], [one, other]):
        with pytest.raises(LossNotAccepted):
            lower(ledger, part_of(ledger, wrong))
    part = part_of(ledger, [one])
    with pytest.raises(LossNotAccepted):
        lower(ledger, LossPart(acts=part.acts, parts=part.parts, count=2))
    with pytest.raises(NoSuchAct):
        lower(ledger, LossPart(acts=((one, 0),), parts=part.parts, count=1))


def test_others_than_custodians_accept_nothing(ledger: Ledger, nurse: Person) -> None:
    part = part_of(ledger, [written(ledger, nurse, ledger.create(nurse).number)])
    for role in ("ROLE_PRACTITIONER", "ROLE_NATIONAL_ADMINISTRATOR", "ROLE_CENTRAL_AUDITOR"):
        with pytest.raises(NotPermitted):
            accept(ledger, ledger.somebody(role), part)


def test_a_child_whose_creation_is_lost_is_no_child_any_more(ledger: Ledger, nurse: Person) -> None:
    made = ledger.create(nurse)
    lower(ledger, accepted(ledger, [made.act_id]))
    assert ledger.look(nurse, number=made.number, has_whole_name=True).number == 0


def test_a_shield_stays_whatever_is_lost(ledger: Ledger, nurse: Person) -> None:
    kept, lost = ledger.create(nurse), ledger.create(nurse)
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    act_id = written(ledger, nurse, kept.number)
    for made in (kept, lost):
        ledger.close(police, ledger.search(police, [candidate(made.number)]).slots[0].handle)
    lower(ledger, accepted(ledger, [act_id, lost.act_id]))
    for made in (kept, lost):
        assert ledger.search(nurse, [candidate(made.number, claims=0)]).slots[0].position is None
        handle = ledger.search(nurse, [candidate(made.number)]).slots[0].handle
        looked = ledger.look(nurse, handle)
        assert looked.is_limited
        assert all(one.version.section is Section.IDENTITY for one in looked.keys)


def test_what_lost_acts_started_is_over_and_what_they_ended_stays_ended(ledger: Ledger, nurse: Person) -> None:
    other = ledger.somebody()
    first, second = ledger.create(nurse).number, ledger.create(nurse).number
    starting = written(ledger, nurse, first, own=1)
    written(ledger, other, second, own=1)
    ending = written(ledger, other, second, own=2)
    assert ledger.count_own(nurse).total == 1
    lower(ledger, accepted(ledger, [starting, ending]))
    assert ledger.count_own(nurse).total == 0
    assert ledger.count_own(other).total == 0


def test_an_interrupted_taking_back_goes_on(ledger: Ledger, nurse: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lower_heads, "MOST_ACTS", 2)
    number = ledger.create(nurse).number
    before = versions(ledger, nurse, number)
    part = accepted(ledger, [written(ledger, nurse, number) for _ in range(5)])
    assert lower(ledger, part).remaining == 3
    ledger.stop()
    assert isinstance(ledger.store, MemoryStore)
    kept, standings = ledger.store.kept, ledger.standings
    restarted = Ledger(MemoryStore(kept), MemoryLog(kept), clock=ledger.clock).start()
    restarted.standings = standings
    assert [lower(restarted, part).remaining for _ in range(3)] == [1, 0, 0]
    assert versions(restarted, nurse, number) == before
    lowered = [one for one in entries_of(restarted) if isinstance(one.draft.effect, HeadsLowered)]
    assert len(lowered) == 5
    restarted.stop()


def test_where_the_log_does_not_say_what_stood_before_a_statement_stays_closed(
    ledger: Ledger, nurse: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As release 1 settled."""
    from services.audit.ledger.use_cases import settle

    number = ledger.create(nurse).number
    written(ledger, nurse, number)
    with monkeypatch.context() as before_this_release:
        before_this_release.setattr(settle, "_heads", lambda *_: (0, 0))
        act_id = written(ledger, nurse, number)
    after = versions(ledger, nurse, number)
    assert lower(ledger, accepted(ledger, [act_id])) == Lowered(lowered=0, closed=1, remaining=0)
    assert versions(ledger, nurse, number) == after
