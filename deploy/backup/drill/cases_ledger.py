"""The drill's last case: the ledger's tail is nowhere, the gap is published, and nothing of the tail opens again."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import LiteralString

from contactpoint.audit.review.v1 import review_service_pb2 as review

from deploy.backup.drill.deployment import LEDGER, Deployment
from deploy.backup.drill.life import Life, once_reached
from deploy.backup.drill.remembered import NEWER, OLD, OLDER, Drill, closed_and_out
from deploy.local.child import environment
from deploy.local.demo.telling import NotAsTold, check, refused
from deploy.local.layout import PROJECT
from deploy.local.settlement.outside import Refused, new_key

_OPEN = "LEDGER_GAP_OPEN"
_NEWEST: dict[str, LiteralString] = {
    "directory": "SELECT receipt_index FROM newest_receipt",
    **dict.fromkeys(("identity", "shielding", "audit.review"), "SELECT index FROM newest_receipt"),
}
_LOST = re.compile(r"^lost: ([0-9]+) entries, ([0-9]+) to ([0-9]+)$", re.MULTILINE)
_NAME = re.compile(r"^gap: ([0-9a-f]{64})$", re.MULTILINE)
_RECEIPTS_KEPT_SECONDS = 1.5
_ONCE_SECONDS = 90.0


def ledger_lost_its_tail(drill: Drill) -> None:
    """(g) What the ledger knew last is in no backup: the gap is published, and two custodians open it again."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("g_lost", "(g) the ledger is taken back, and its tail is nowhere: every caller refuses it"):
        time.sleep(_RECEIPTS_KEPT_SECONDS)
        deployment.take_back(LEDGER, drill.kept, drill.moments[LEDGER])
        deployment.suite.process(LEDGER).start()
        refused("LEDGER_BEHIND", lambda: life.open("nurse", drill.old))
    with step(
        "g_published", "(g) the gap is published as far as any caller knows: never while a ledger leads, and once"
    ):
        through = _newest_known(deployment)
        publish = ("publish-gap", "--published", deployment.suite.layout.published_log, "--through", str(through))
        code, said = deployment.operate(LEDGER, *publish)
        check(code != 0 and "a ledger leads" in said, said)
        deployment.suite.process(LEDGER).stop()
        code, said = deployment.operate(LEDGER, *publish)
        lost = _LOST.search(said)
        check(code == 0 and lost is not None and int(lost[3]) == through, said)
        drill.telling.say(f"         {lost[0] if lost else ''}")
        code, said = deployment.operate(LEDGER, *publish)
        check(code != 0 and "nothing is missing" in said, said)
        deployment.suite.process(LEDGER).start()
    with step("g_open", "(g) it leads and people sign in, but until the gap is accepted nothing is shown or changed"):
        life.sign_in_again()
        life.await_sign_in()
        once_reached(lambda: life.seat("nurse"))
        refused(_OPEN, lambda: life.open("nurse", drill.old))
        refused(_OPEN, lambda: life.shield("social.worker", drill.old))
    with step("g_two", "(g) not before shielding and identity said what they know; one custodian twice is not two"):
        refused("GAP_NOT_READY", lambda: _accept(life, "custodian", _name(deployment)))
        for process in ("shielding", "identity"):
            code, said = deployment.operate(process, "reenter")
            check(code == 0 and said.startswith("said: "), said)
            drill.telling.say(f"         {process} {said.strip()}")
        name = _name(deployment)
        _once_ready(lambda: _accept(life, "custodian", name))
        _accept(life, "custodian", name)
        refused(_OPEN, lambda: life.open("nurse", drill.old))
        _accept(life, "second.custodian", name)
        code, said = deployment.operate(LEDGER, "show-gap")
        check(code == 0, said)
    with step("g_works", "(g) looks work again; what was written in the tail is read, or not shown, and never older"):
        check(OLD in life.telephones("nurse", drill.old), "the old number")
        check({OLDER, NEWER} <= life.telephones("nurse", drill.changed), "the number of the tail")
        # Her organisation had said nothing of this child before: the log does not know that it says something now.
        check(NEWER not in life.telephones("nurse", drill.entered_after), "what nobody knows is not shown")
    closed_and_out(drill, "g")
    with step("g_log", "(g) check-log and an outsider's verifier are content, and say what is lost"):
        code, said = deployment.operate(LEDGER, "check-log")
        check(code == 0 and f"to {through} are lost" in said, said)
        _once_ready(lambda: _verified(drill, through))


def _newest_known(deployment: Deployment) -> int:
    """Return the newest entry that any caller, or the public log, knows of."""
    known = [int(str(row[0])) for caller, newest in _NEWEST.items() for row in deployment.suite.psql(caller, newest)]
    checkpoint = deployment.suite.layout.published_log / "checkpoint"
    return max(*known, int(checkpoint.read_text("utf-8").split("\n")[1]) - 1)


def _name(deployment: Deployment) -> bytes:
    """Return the gap's name, as the operator reads it to the custodians."""
    code, said = deployment.operate(LEDGER, "show-gap")
    name = _NAME.search(said)
    check(code == 1 and name is not None, said)
    return bytes.fromhex(name[1] if name else "")


def _accept(life: Life, username: str, name: bytes) -> None:
    outside = life.seat(username)
    request = review.AcceptGapRequest(idempotency_key=new_key(), gap_digest=name)
    outside.call(outside.custody.AcceptGap, request)


def _verified(drill: Drill, through: int) -> None:
    """Raise NotAsTold unless the public log says what is lost, and still begins as it was published before."""
    folder, since = drill.deployment.suite.layout.published_log, drill.kept.published_log / "checkpoint"
    ended = subprocess.run(
        [sys.executable, "-m", "clients.verify_log", "--folder", folder, "--since", since],
        env=environment(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    check(ended.returncode == 0 and f"to {through} ARE LOST" in ended.stdout, ended.stdout)


def _once_ready(call: Callable[[], None]) -> None:
    """Make a call until it is as told: the tokens of before the gap run out, the publisher follows."""
    end = time.monotonic() + _ONCE_SECONDS
    while True:
        try:
            call()
        except (NotAsTold, Refused) as told:
            if time.monotonic() > end or (isinstance(told, Refused) and told.reason != "GAP_NOT_READY"):
                raise
            time.sleep(0.5)
        else:
            return
