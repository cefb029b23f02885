"""The ledger's real process loses its tail: what an operator runs, who may say what, how it opens again."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from functools import partial

import grpc
import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb

from services.runtime.tokens import Act, Standing
from tests.rpc.audit_ledger.conftest import ADMINISTRATOR, ORGANISATION, SERVICE, LedgerProcess, digest
from tests.rpc.audit_ledger.test_process import SECTIONS, SOURCE, look, refusal, search

OPEN = "LEDGER_GAP_OPEN"
CUSTODIANS = [str(uuid.UUID(int=number)) for number in (11, 12)]
_GAP = re.compile(r"^gap: ([0-9a-f]{64})$", re.MULTILINE)
_READY_WITHIN_SECONDS = 30.0
_LIMITED = 1
_MORE = 2500
"""More than one statement writes at once: they are one transaction all the same."""


def added(ledger: LedgerProcess, person: str) -> None:
    """Enter a person by the first administrator."""
    change = pb.ChangeStandingEffect(
        party=pb.Party(kind="person", id=person), digest=digest("person", person), change="ADDED"
    )
    request = pb.EnterRequest(idempotency_key=str(uuid.uuid4()), change_standing=change)
    method = "/contactpoint.identity.v1.AdministrationService/AddPerson"
    token = ledger.token("", aud="identity", mth=method, rol="ROLE_NATIONAL_ADMINISTRATOR")
    ledger.call("identity", "Enter", request, token=token)


def created(ledger: LedgerProcess) -> int:
    """Return the number of a new child."""
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
    ledger.call("directory", "Settle", pb.SettleRequest(act_id=entered.act_id, done=True))
    return int(entered.number)


def shielded(ledger: LedgerProcess, number: int) -> None:
    """Close a child's record."""
    close = pb.CloseChildEffect(number=number, interim=True)
    request = pb.EnterRequest(idempotency_key=str(uuid.uuid4()), close_child=close)
    method = "/contactpoint.shielding.v1.ShieldingService/ImposeInterimShield"
    token = ledger.token("", aud="shielding", mth=method, rol="ROLE_PROTECTION_PRACTITIONER")
    ledger.call("shielding", "Enter", request, token=token)


def custodian(ledger: LedgerProcess, person: str) -> Act:
    """Sign a custodian in, and return a token to accept a gap."""
    session = str(uuid.uuid4())
    request = pb.EnterSessionRequest(
        session_tag=session,
        person=person,
        organisation=ORGANISATION,
        amr=["pwd", "otp"],
        channel="c" * 64,
        person_digest=digest("person", person),
        organisation_digest=digest("organisation", ORGANISATION),
    )
    ledger.call("identity", "EnterSession", request)
    parties = (("service", SERVICE), ("organisation", ORGANISATION), ("person", person))
    return ledger.token(
        "",
        aud="audit.review",
        mth="/contactpoint.audit.review.v1.CustodyService/AcceptGap",
        rol=access_pb2.Role.Name(access_pb2.ROLE_CUSTODIAN),
        sub=person,
        sid=session,
        std=tuple(Standing(kind, party, digest(kind, party).hex()) for kind, party in parties),
    )


def accept(ledger: LedgerProcess, person: str, name: bytes) -> None:
    request = pb.EnterRequest(idempotency_key=str(uuid.uuid4()), accept_gap=pb.AcceptGapEffect(gap_digest=name))
    ledger.call("audit.review", "Enter", request, token=custodian(ledger, person))


def copied(ledger: LedgerProcess) -> None:
    """Keep a copy of the database as it is now."""
    database = ledger.database.process.database
    ledger.stop()
    with ledger.database.server.connect() as connection:
        connection.execute(f"CREATE DATABASE kept TEMPLATE {database}")
    ledger.start()


def lost(ledger: LedgerProcess) -> None:
    """Lose everything since the copy; the ledger is down."""
    database = ledger.database.process.database
    ledger.stop(kill=True)
    with ledger.database.server.connect() as connection:
        connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
        connection.execute(f"ALTER DATABASE kept RENAME TO {database}")


def reentered(ledger: LedgerProcess, hidden: int, newest: int) -> None:
    """Let shielding and identity, and nobody else, say what they know beyond the gap."""
    again = pb.ReenterShieldsRequest(
        children=[pb.HiddenChild(number=hidden, closed_by=[ADMINISTRATOR])], newest_index=newest, complete=True
    )
    for process in ("directory", "identity", "audit.review"):
        assert refusal(partial(ledger.call, process, "ReenterShields", again)) == "NOT_PERMITTED"
    assert ledger.call("shielding", "ReenterShields", again).closed == 1
    standings = pb.ReenterStandingsRequest(newest_index=newest, complete=True)
    for process in ("directory", "shielding", "audit.review"):
        assert refusal(partial(ledger.call, process, "ReenterStandings", standings)) == "NOT_PERMITTED"
    assert ledger.call("identity", "ReenterStandings", standings).changed == 0


def once_ready(call: Callable[[], object]) -> None:
    """Make a call that is refused until the tokens of before the gap are out of time."""
    end = time.monotonic() + _READY_WITHIN_SECONDS
    while True:
        try:
            call()
        except grpc.RpcError as error:
            if error.details() != "GAP_NOT_READY" or time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


@pytest.mark.promise("S5")
@pytest.mark.timeout(300)
def test_a_tail_is_lost_published_accepted_by_two_and_its_shield_holds(ledger: LedgerProcess) -> None:
    ledger.found()
    ledger.sign_in()
    for person in CUSTODIANS:
        added(ledger, person)
    child, hidden = created(ledger), created(ledger)
    note = ledger.call("audit.review", "GetCheckpoint", pb.GetCheckpointRequest()).checkpoint
    kept = ledger.config.with_name("checkpoint")
    kept.write_text(note)
    copied(ledger)
    shielded(ledger, hidden)
    search(ledger, child)
    note = ledger.call("audit.review", "GetCheckpoint", pb.GetCheckpointRequest()).checkpoint
    inside = ledger.config.with_name("inside")
    inside.write_text(note)
    # The newest entry that anybody outside knows of; the shield may settle a moment later, and nobody hears of that.
    newest = int(note.split("\n")[1]) - 1
    through = newest + _MORE
    lost(ledger)
    gap = partial(ledger.run, "publish-gap", "--nothing-published", "--through")

    # While one leads, nobody else writes.
    ledger.start()
    said = gap(str(through))
    assert (said.returncode, "a ledger leads" in said.stdout) == (2, True), said
    ledger.stop()
    said = gap(str(through))
    assert (said.returncode, f"to {through}" in said.stdout) == (0, True), said
    assert "nothing is missing" in gap(str(through)).stdout

    # It leads, it goes on behind what callers know, and it opens nothing.
    ledger.start()
    ledger.sign_in()
    assert refusal(lambda: search(ledger, hidden)) == OPEN
    assert refusal(lambda: ledger.call("directory", "OpenIndexKey", pb.OpenIndexKeyRequest())) == OPEN
    assert ledger.call("audit.review", "GetCheckpoint", pb.GetCheckpointRequest()).gaps[0].index == through + 1

    reentered(ledger, hidden, newest)
    said = ledger.run("show-gap")
    named = _GAP.search(said.stdout)
    assert (said.returncode, named is not None) == (1, True), said
    name = bytes.fromhex(named[1] if named else "")
    once_ready(partial(accept, ledger, CUSTODIANS[0], name))
    accept(ledger, CUSTODIANS[0], name)
    assert refusal(lambda: search(ledger, child)) == OPEN
    accept(ledger, CUSTODIANS[1], name)
    assert ledger.run("show-gap").returncode == 0

    # It works again, and what the tail closed is closed.
    found = search(ledger, child)
    assert look(ledger, found.shown[2:66]).number == child
    assert (found.shown[1], search(ledger, hidden).shown[1]) == (0, _LIMITED)
    checked = ledger.run("check-log", "--checkpoint", str(kept))
    assert (checked.returncode, f" to {through} are lost" in checked.stdout) == (0, True), checked
    checked = ledger.run("check-log", "--checkpoint", str(inside))
    assert (checked.returncode, "lost by the published gap" in checked.stdout) == (1, True), checked
