"""What restored copies of identity and shielding ask of the running ledger, and who may not ask it."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from google.protobuf.message import Message

from tests.rpc.audit_ledger.conftest import LedgerProcess
from tests.rpc.audit_ledger.test_process import refusal

pytestmark = pytest.mark.promise("S5")
PROCESSES = {"identity", "shielding", "directory", "audit.review"}


def only(ledger: LedgerProcess, process: str, method: str, request: Message) -> None:
    for other in PROCESSES - {process}:
        assert refusal(partial(ledger.call, other, method, request)) == "NOT_PERMITTED"


def test_a_restored_identity_reads_every_change_of_standing_and_gives_none_alone(ledger: LedgerProcess) -> None:
    ledger.found()
    listing = pb.ListStandingChangesRequest()
    found = ledger.call("identity", "ListStandingChanges", listing)
    founded = {one.party.kind: one for one in found.changes}
    assert {"service", "organisation", "person"} <= founded.keys()
    assert found.next_index == found.size > founded["person"].index
    person = founded["person"]
    assert (len(person.digest), person.replaced_digest, person.lost_digest) == (32, b"", b"")
    request = pb.ReissueStandingsRequest(
        acts=[pb.LostAct(act_id=person.act_id, index=person.index)],
        parts=[hashlib.sha256(person.act_id).digest()],
        lost_count=1,
        standings=[pb.ReissuedStanding(party=person.party, first_index=person.index, last_index=person.index)],
    )
    assert refusal(lambda: ledger.call("identity", "ReissueStandings", request)) == "LOSS_NOT_ACCEPTED"
    again = ledger.call("identity", "ListStandingChanges", listing)
    assert [one.digest for one in again.changes] == [one.digest for one in found.changes]
    only(ledger, "identity", "ListStandingChanges", listing)
    only(ledger, "identity", "ReissueStandings", request)


def test_a_restored_shielding_is_told_of_no_child_before_two_custodians_accept(ledger: LedgerProcess) -> None:
    ledger.found()
    listing = pb.ListShieldStepsRequest()
    found = ledger.call("shielding", "ListShieldSteps", listing)
    assert (list(found.steps), found.next_index) == ([], found.size)
    act_id = b"a" * 32
    request = pb.RecoverShieldStepsRequest(
        acts=[pb.LostAct(act_id=act_id, index=1)], parts=[hashlib.sha256(act_id).digest()], lost_count=1
    )
    assert refusal(lambda: ledger.call("shielding", "RecoverShieldSteps", request)) == "NO_SUCH_ACT"
    only(ledger, "shielding", "ListShieldSteps", listing)
    only(ledger, "shielding", "RecoverShieldSteps", request)
