"""EndMediation: the session looks for nobody any more, and saying so twice changes nothing."""

from __future__ import annotations

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, key
from tests.rpc.identity.test_begin_mediation import begin, claims


def test_it_ends_at_once(town: Town, organisation: str) -> None:
    mediator, nurse = town.new_person(organisation, "ROLE_MEDIATOR"), town.new_person(organisation)
    begin(town, mediator, nurse.username)
    tag = claims(town, mediator)["sid"]
    for _ in range(2):
        answer = town.call(mediator, "SessionService", "EndMediation", pb.EndMediationRequest(idempotency_key=key()))
        assert answer.receipt.leaf
        assert "ben" not in claims(town, mediator)
    assert town.ledger.mediations[tag] == ""
    assert town.sql("SELECT 1 FROM mediation WHERE session_tag = :tag", tag=tag) == []
