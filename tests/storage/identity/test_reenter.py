"""After the ledger lost entries every standing is named once, with its digest, and decoys are nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from services.identity import standing_format
from services.identity.domain.standing import Party
from services.identity.storage.all_standings import SqlAllStandings
from services.identity.use_cases import reenter
from services.identity.use_cases.reenter import Reenter
from tests.storage.identity.conftest import Store


@dataclass
class FakeGap:
    """The port `Gap`, in memory."""

    said: dict[Party, bytes] = field(default_factory=dict)
    ends: list[bool] = field(default_factory=list)

    def reenter(self, held: Mapping[Party, bytes], *, newest: int, is_complete: bool) -> int:
        assert newest == 7
        assert self.said.keys().isdisjoint(held)
        self.said |= held
        self.ends.append(is_complete)
        return 0


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_every_party_is_named_once(store: Store, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = store.do_found()
    for _ in range(5):
        act = store.a_new_person(organisation)
        store.acts.prepare(act)
        store.acts.settle(act, store.ledger.enter(act, is_retry=False).receipt)  # type: ignore[arg-type]
    store.accounts.prepare_decoys(b"hash")
    monkeypatch.setattr(reenter, "AT_ONCE", at_once)
    gap = FakeGap()
    found = Reenter(standings=SqlAllStandings(engine=store.engine), gap=gap)(7)
    with store.owner.connect() as connection:
        rows = connection.execute(sa.text("SELECT party_kind, party_id, bytes FROM standing")).all()
    wanted = {
        Party(row.party_kind, row.party_id): standing_format.digest(bytes(row.bytes))
        for row in rows
        if row.party_kind != "decoy"
    }
    assert any(row.party_kind == "decoy" for row in rows)
    assert gap.said == wanted
    assert gap.ends == [False] * (len(gap.ends) - 1) + [True]
    assert (found.said, found.changed) == (len(wanted), 0)


def test_an_empty_identity_says_so(store: Store) -> None:
    gap = FakeGap()
    assert Reenter(standings=SqlAllStandings(engine=store.engine), gap=gap)(7).said == 0
    assert gap.ends == [True]
