"""The founding: once in the life of a log."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from services.audit.ledger.errors import AlreadyFounded
from services.audit.ledger.use_cases.enter_founding import EnterFounding, FirstParty
from services.runtime.errors import NotPermitted
from tests.fakes.audit_ledger import ENVIRONMENT, Ledger, in_memory

PARTIES = (
    FirstParty("service", ENVIRONMENT, b"1" * 32),
    FirstParty("organisation", str(uuid.UUID(int=1)), b"2" * 32),
    FirstParty("person", str(uuid.UUID(int=2)), b"3" * 32),
)
SYSTEM = FirstParty("system", str(uuid.UUID(int=3)), b"4" * 32)


@pytest.fixture
def unfounded() -> Iterator[Ledger]:
    made = in_memory()
    yield made
    made.stop()


@pytest.mark.parametrize("parties", [PARTIES, (*PARTIES, SYSTEM)])
def test_it_works_once_and_its_repetition_is_itself(unfounded: Ledger, parties: tuple[FirstParty, ...]) -> None:
    found = EnterFounding(writer=unfounded.writer)
    receipt = found(parties)
    assert receipt.index == len(parties)
    assert found(parties) == receipt
    with pytest.raises(AlreadyFounded):
        found((*PARTIES[:2], FirstParty("person", str(uuid.uuid4()), b"5" * 32)))


@pytest.mark.parametrize(
    "parties",
    [
        PARTIES[:2],
        (*PARTIES[:2], SYSTEM),
        (FirstParty("service", "live", b"1" * 32), *PARTIES[1:]),
        (*PARTIES, FirstParty("person", str(uuid.UUID(int=4)), b"5" * 32)),
    ],
)
def test_other_parties_found_nothing(unfounded: Ledger, parties: tuple[FirstParty, ...]) -> None:
    with pytest.raises(NotPermitted):
        EnterFounding(writer=unfounded.writer)(parties)
    EnterFounding(writer=unfounded.writer)(PARTIES)
