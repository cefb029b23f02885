"""ListVerificationKeys: those of now and of the next rotation, to our own processes alone."""

from datetime import UTC

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as rpc

from tests.fakes.identity_town import Town, refusal


def _listed(town: Town) -> list[pb.VerificationKey]:
    stub = rpc.VerificationKeysServiceStub(town.stranger)
    answer = town.stranger.call(stub.ListVerificationKeys, pb.ListVerificationKeysRequest(), idempotent=True)
    return list(answer.keys)


def test_a_process_gets_the_key_that_signs_now(town: Town) -> None:
    now = town.clock.now()
    fit = [k for k in _listed(town) if k.not_before.ToDatetime(UTC) <= now < k.not_after.ToDatetime(UTC)]
    assert fit
    assert all(len(one.public_key) == 32 for one in fit)


def test_the_edge_does_not(town: Town) -> None:
    stub = rpc.VerificationKeysServiceStub(town.channel)
    request = pb.ListVerificationKeysRequest()
    said = refusal(lambda: town.channel.call(stub.ListVerificationKeys, request, idempotent=False))
    assert said.reason == "NOT_PERMITTED"


@pytest.mark.promise("I8")
def test_a_key_written_by_hand_is_not_published(town: Town) -> None:
    now = town.clock.now()
    town.sql(
        "INSERT INTO token_key VALUES ('forged', sha256('x'), sha256('y'), :a, :b)",
        a=now,
        b=now.replace(year=now.year + 1),
    )
    town.identity.upkeep.token_keys.refresh()
    assert "forged" not in {one.kid for one in _listed(town)}
    assert town.identity.upkeep.token_keys.key("forged") is None
    town.sql("DELETE FROM token_key WHERE kid = 'forged'")


def test_the_next_key_is_published_before_it_signs(town: Town) -> None:
    keys = town.identity.upkeep.token_keys
    before = {one.kid for one in _listed(town)}
    last = max(one.not_after.ToDatetime(UTC) for one in _listed(town))
    town.clock.move((last - town.clock.now()).total_seconds() - 30 * 60)
    keys.rotate()
    after = {one.kid for one in _listed(town)}
    assert len(after - before) == 1
    keys.rotate()
    assert {one.kid for one in _listed(town)} == after
