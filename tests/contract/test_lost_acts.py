"""The directory's check of a restored copy, held against the ledger's own code: both mean the same loss."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest

from services.audit.ledger.effects.accept_loss import AcceptLoss
from services.audit.ledger.use_cases import list_ended_acts, lower_heads
from services.directory.clients.ended_acts import RemoteEndedActs
from services.directory.domain import losses
from services.directory.domain.losses import EndedAct, Loss, loss_of
from services.directory.errors import LossNotAccepted
from services.directory.use_cases.check_store import CheckStore, StoreCheck
from services.directory.use_cases.mend_store import MendStore
from services.runtime.channels import PeerChannel
from services.runtime.errors import ServiceError
from tests.fakes.audit_ledger import Ledger, Person, candidate, in_memory
from tests.support.killable import Fate, Killed, Wire, die


@dataclass
class Held:
    """The table of acts of a restored directory."""

    acts: set[bytes] = field(default_factory=set)

    def done_among(self, act_ids: Collection[bytes]) -> frozenset[bytes]:
        return frozenset(self.acts.intersection(act_ids))


@dataclass
class Restored:
    """A directory that lost what it did after a copy, and the ledger that knows of it."""

    ledger: Ledger
    nurse: Person
    held: Held = field(default_factory=Held)
    fate: Fate = field(default_factory=Fate)

    def __post_init__(self) -> None:
        wire = Wire(self.ledger, self.fate, "directory")
        self.ended = RemoteEndedActs(cast("PeerChannel", wire))

    def written(self, *, is_held: bool) -> None:
        """Let a child be created, and what is said of it be replaced once."""
        created = self.ledger.create(self.nurse)
        handle = self.ledger.search(self.nurse, [candidate(created.number)]).slots[0].handle
        act_id = self.ledger.write(self.nurse, handle).act_id
        self.ledger.settle(act_id)
        self.held.acts |= {created.act_id, act_id} if is_held else set()

    def check(self, start: int = 0) -> StoreCheck:
        return CheckStore(ended=self.ended, held=self.held)(start)

    def accept(self, loss: Loss) -> None:
        for _ in range(2):
            effect = AcceptLoss(lost_digest=loss.digest, lost_count=len(loss.acts))
            custodian = self.ledger.somebody("ROLE_CUSTODIAN")
            self.ledger.enter(custodian, effect, method="audit.review:CustodyService/AcceptLoss")


@pytest.fixture
def restored() -> Iterator[Restored]:
    ledger = in_memory()
    ledger.found()
    yield Restored(ledger, ledger.somebody())
    ledger.stop()


def test_nothing_is_lost_of_what_is_held(restored: Restored) -> None:
    restored.written(is_held=True)
    # A shield settles like an act of the directory, which has never heard of it.
    number = restored.ledger.create(restored.nurse)
    restored.held.acts.add(number.act_id)
    police = restored.ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    restored.ledger.close(police, number=number.number)
    # Given up: it was never done, so nothing of it can be lost.
    restored.ledger.settle(restored.ledger.create(restored.nurse, settle=False).act_id, is_done=False)
    found = restored.check()
    assert (found.loss, found.acts) == (None, 3)


def test_both_mean_the_same_loss_in_parts_and_pages(restored: Restored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_ended_acts, "MOST", 3)
    monkeypatch.setattr(losses, "MOST_IN_A_PART", 2)
    monkeypatch.setattr(lower_heads, "MOST_ACTS", 1)
    restored.written(is_held=True)
    for _ in range(3):
        restored.written(is_held=False)
    loss = restored.check().loss
    assert loss is not None
    assert (len(loss.acts), len(loss.parts)) == (6, 3)
    with pytest.raises(ServiceError) as refused:
        MendStore(ended=restored.ended)(loss)
    assert refused.value.reason == LossNotAccepted.reason
    restored.accept(loss)
    mended = MendStore(ended=restored.ended)(loss)
    # A creation of three sections and a replacement, three times.
    assert (mended.lowered, mended.closed) == (12, 0)
    found = restored.check()
    assert (found.loss, found.taken_back) == (None, 6)


def test_a_mending_that_was_killed_goes_on_under_the_same_acceptance(
    restored: Restored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lower_heads, "MOST_ACTS", 2)
    restored.written(is_held=True)
    for _ in range(3):
        restored.written(is_held=False)
    loss = restored.check().loss
    assert loss is not None
    restored.accept(loss)
    with restored.fate.decided("after LowerHeads", die), pytest.raises(Killed):
        MendStore(ended=restored.ended)(loss)
    again = restored.check()
    assert again.taken_back == 2
    assert again.loss == loss
    MendStore(ended=restored.ended)(loss)
    assert restored.check().loss is None


def test_a_second_loss_is_another_and_needs_its_own_acceptance(restored: Restored) -> None:
    restored.written(is_held=False)
    first = restored.check().loss
    assert first is not None
    restored.accept(first)
    MendStore(ended=restored.ended)(first)
    restored.written(is_held=False)
    second = restored.check().loss
    assert second is not None
    assert second.digest != first.digest
    assert len(second.acts) == 2
    with pytest.raises(ServiceError):
        MendStore(ended=restored.ended)(second)


def test_what_is_compared_begins_where_it_is_told(restored: Restored) -> None:
    restored.written(is_held=False)
    start = restored.ledger.writer.published().size
    restored.written(is_held=False)
    found = restored.check(start)
    assert found.loss is not None
    assert len(found.loss.acts) == 2
    assert min(one.index for one in found.loss.acts) >= start
    beyond = restored.check(restored.ledger.writer.published().size + 100)
    assert (beyond.loss, beyond.acts) == (None, 0)


def test_the_order_in_which_acts_are_told_does_not_matter() -> None:
    acts = [EndedAct(bytes([index]) * 32, index) for index in range(5)]
    loss = loss_of(acts, frozenset())
    assert loss == loss_of(acts[::-1], frozenset())
    assert loss is not None
    assert [one.index for one in loss.acts] == [4, 3, 2, 1, 0]
