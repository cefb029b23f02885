"""The ledger as it runs: a vertical through every layer, who may call, what a kill leaves, what an operator finds."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from functools import partial

import grpc
import pytest
from contactpoint.audit.ledger.v1 import entry_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb

from tests.rpc.audit_ledger.conftest import LedgerProcess

SOURCE = uuid.UUID(int=1).bytes
SECTIONS = [entry_pb2.SECTION_IDENTITY, entry_pb2.SECTION_SERVICES]


def search(ledger: LedgerProcess, number: int = 0) -> pb.EnterSearchResponse:
    slot = number.to_bytes(5, "big") + bytes((1, 3, 0)) if number else b""
    request = pb.EnterSearchRequest(
        candidates=slot.ljust(512, b"\0"), criteria_digest=b"c" * 32, name_and_date_only=True
    )
    answer: pb.EnterSearchResponse = ledger.call(
        "directory", "EnterSearch", request, token=ledger.token("SearchChildren")
    )
    return answer


def look(ledger: LedgerProcess, handle: bytes) -> pb.EnterLookResponse:
    request = pb.EnterLookRequest(
        handle=handle, reason=pb.Reason(code="NEW_REFERRAL"), section=entry_pb2.SECTION_SERVICES
    )
    answer: pb.EnterLookResponse = ledger.call("directory", "EnterLook", request, token=ledger.token("OpenRecord"))
    return answer


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return str(caught.value.details())


def test_one_child_through_every_layer(ledger: LedgerProcess) -> None:
    assert ledger.found().receipt.index == 3
    assert refusal(ledger_founds_another(ledger)) == "ALREADY_FOUNDED"
    ledger.sign_in()
    create = pb.CreateChildEffect(
        search_handle=search(ledger).search_handle,
        criteria_digest=b"c" * 32,
        candidates=bytes(512),
        source=SOURCE,
        sections=SECTIONS,
        authority="E08000001",
    )
    request = pb.EnterRequest(idempotency_key=str(uuid.uuid4()), create_child=create)
    token = ledger.token("CreateChild")
    entered = ledger.call("directory", "Enter", request, token=token)
    assert entered.state == pb.ACT_STATE_PENDING
    assert ledger.call("directory", "Enter", request, token=token).receipt == entered.receipt
    settled = ledger.call("directory", "Settle", pb.SettleRequest(act_id=entered.act_id, done=True))
    assert settled.state == pb.ACT_STATE_DONE
    found = search(ledger, entered.number)
    seen = look(ledger, found.shown[2:66])
    assert seen.number == entered.number
    assert {key.key for key in seen.keys} == {key.key for key in entered.pending_keys}
    own = ledger.call(
        "audit.review",
        "ReadOwnEntries",
        pb.ReadOwnEntriesRequest(),
        token=ledger.token("", aud="audit.review", mth="/contactpoint.audit.review.v1.ReviewService/ListOwnLooks"),
    )
    assert own.entries[0].number == entered.number
    assert entry_pb2.Entry.FromString(own.entries[0].body).reason.code == "NEW_REFERRAL"


def ledger_founds_another(ledger: LedgerProcess) -> Callable[[], object]:
    party = pb.FoundingParty(party=pb.Party(kind="person", id="x"), digest=b"d" * 32)
    return lambda: ledger.call("identity", "EnterFounding", pb.EnterFoundingRequest(parties=[party] * 3))


@pytest.mark.promise("D2")
def test_who_may_not_call_is_refused(ledger: LedgerProcess) -> None:
    ledger.sign_in()
    settle = pb.SettleRequest(act_id=b"a" * 32, done=True)
    assert refusal(lambda: ledger.call("gateway.edge", "Settle", settle)) == "NOT_PERMITTED"
    assert refusal(lambda: ledger.call("identity", "OpenIndexKey", pb.OpenIndexKeyRequest())) == "NOT_PERMITTED"
    request = pb.EnterSearchRequest(candidates=bytes(512), criteria_digest=b"c" * 32)
    token = ledger.token("SearchChildren")
    assert refusal(lambda: ledger.call("shielding", "EnterSearch", request, token=token)) == "NOT_PERMITTED"
    other = ledger.token("OpenRecord")
    assert refusal(lambda: ledger.call("directory", "EnterSearch", request, token=other)) == "NOT_AUTHENTICATED"
    short = pb.EnterSearchRequest(candidates=b"", criteria_digest=b"c" * 32)
    assert refusal(lambda: ledger.call("directory", "EnterSearch", short, token=token)) == "INVALID_REQUEST"
    assert ledger.call("directory", "EnterSearch", request, token=token).receipt.index
    assert refusal(lambda: ledger.call("directory", "EnterSearch", request, token=token)) == "TOKEN_SPENT"
    assert refusal(lambda: ledger.call("directory", "Settle", settle)) == "NO_SUCH_ACT"


@pytest.mark.promise("A4")
def test_a_kill_loses_nothing_that_was_answered_and_check_log_passes(ledger: LedgerProcess) -> None:
    ledger.sign_in()
    receipts = [search(ledger).receipt for _ in range(20)]
    ledger.stop(kill=True)
    ledger.start()
    leaves = ledger.call("audit.review", "ListLeaves", pb.ListLeavesRequest()).leaves
    assert all(leaves[receipt.index] == receipt.leaf for receipt in receipts)
    # The session outlives the process: it is in the log.
    assert search(ledger).receipt.index == len(leaves)
    note = ledger.call("audit.review", "GetCheckpoint", pb.GetCheckpointRequest()).checkpoint
    kept = ledger.config.with_name("checkpoint")
    kept.write_text(note)
    checked = ledger.run("check-log", "--checkpoint", str(kept))
    assert (checked.returncode, checked.stdout[:3]) == (0, "ok:"), checked.stderr
    with ledger.database.server.connect(ledger.database.process.database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE entry SET sealed = set_byte(sealed, 50, get_byte(sealed, 50) # 1) WHERE index = 2")
    checked = ledger.run("check-log")
    assert (checked.returncode, checked.stdout) == (1, "FAULTY: entry 2: its body is not as it was written\n")
    with ledger.database.server.connect(ledger.database.process.database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE entry SET sealed = set_byte(sealed, 50, get_byte(sealed, 50) # 1) WHERE index = 2")


def test_operators_commands(ledger: LedgerProcess) -> None:
    assert ledger.run("check-config").returncode == 0
    assert ledger.run("migrate").returncode == 0
    assert ledger.run("check-log", "--checkpoint", str(ledger.config)).stdout.startswith("FAULTY: the checkpoint")


def test_it_drains_when_told_to_stop(ledger: LedgerProcess) -> None:
    assert ledger.stop() == 0
    ledger.start()
    assert ledger.call("directory", "OpenIndexKey", pb.OpenIndexKeyRequest()).key


def test_a_restored_directory_asks_what_ended_and_takes_nothing_back_alone(ledger: LedgerProcess) -> None:
    ledger.found()
    ledger.sign_in()
    create = pb.CreateChildEffect(
        search_handle=search(ledger).search_handle,
        criteria_digest=b"c" * 32,
        candidates=bytes(512),
        source=SOURCE,
        sections=SECTIONS,
        authority="E08000001",
    )
    request = pb.EnterRequest(idempotency_key=str(uuid.uuid4()), create_child=create)
    entered = ledger.call("directory", "Enter", request, token=ledger.token("CreateChild"))
    settled = ledger.call("directory", "Settle", pb.SettleRequest(act_id=entered.act_id, done=True))
    listing = pb.ListEndedActsRequest(from_index=entered.receipt.index)
    ended = ledger.call("directory", "ListEndedActs", listing)
    assert [(one.act_id, one.index) for one in ended.acts] == [(entered.act_id, settled.receipt.index)]
    assert ended.next_index == ended.size
    part = hashlib.sha256(entered.act_id).digest()
    loss = pb.LowerHeadsRequest(
        acts=[pb.LostAct(act_id=entered.act_id, index=settled.receipt.index)], parts=[part], lost_count=1
    )
    assert refusal(lambda: ledger.call("directory", "LowerHeads", loss)) == "LOSS_NOT_ACCEPTED"
    for process in ("identity", "shielding", "audit.review"):
        assert refusal(partial(ledger.call, process, "LowerHeads", loss)) == "NOT_PERMITTED"
        assert refusal(partial(ledger.call, process, "ListEndedActs", listing)) == "NOT_PERMITTED"
