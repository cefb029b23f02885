"""A town of identity whose whole service is stopped for a while, and the custodians who let it go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contactpoint.identity.v1 import identity_service_pb2 as pb

from services.identity.sealing import Seals
from services.identity.storage.parties import SqlParties
from services.identity.use_cases.stop_service import StopReason, StopService
from tests.fakes.identity_town import ENVIRONMENT, Person, Town, key

STOPPED = "CONDITION_LAPSED_SERVICE"


def stop_of(town: Town) -> StopService:
    """Return the operator's act on the town's database."""
    upkeep = town.identity.upkeep
    return StopService(
        parties=SqlParties(engine=town.engine, seals=Seals(bytes(range(1, 33))), environment=ENVIRONMENT),
        acts=upkeep.acts,
        ledger=upkeep.ledger,
        clock=town.clock,
        pause_seconds=0.01,
    )


def resume(town: Town, who: Person, *, again: str = "") -> pb.ResumeServiceResponse:
    """Let one custodian say that the service goes on."""
    request = pb.ResumeServiceRequest(idempotency_key=again or key())
    answer = town.administer("ResumeService", request, who=who)
    assert isinstance(answer, pb.ResumeServiceResponse)
    return answer


@contextmanager
def stopped(town: Town, custodians: tuple[Person, Person]) -> Iterator[None]:
    """Stop the town for the block, and leave it running to the next test."""
    stop_of(town)(StopReason.DRILL)
    try:
        yield
    finally:
        if is_stopped_now(town):
            for one in custodians:
                town.sign_in(one)
                if resume(town, one).is_stopped is False:
                    break
        assert not is_stopped_now(town)


def is_stopped_now(town: Town) -> bool:
    found = stop_of(town).parties.service()
    assert found is not None
    return found.standing.is_stopped
