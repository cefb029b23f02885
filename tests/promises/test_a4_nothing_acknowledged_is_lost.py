"""A4: nothing acknowledged is lost, however often ledger and PostgreSQL are killed under it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from tests.support.doomed import LEDGERS_POSTGRES, Doomed, doomed_town, refusal
from tests.support.inside import Inside
from tests.support.log_book import LogBook

APPENDERS = 8
ROUND_SECONDS = 0.5
CALL_SECONDS = 2.0
LEAST_A_ROUND = 20


@pytest.fixture
def doomed(pytestconfig: pytest.Config) -> Doomed:
    return doomed_town(pytestconfig)


@dataclass
class Appenders:
    """Identity's certificate, eight times: each call is entered on its own, and its receipt kept."""

    doomed: Doomed
    receipts: dict[int, bytes] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)
    answers: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> None:
        with Inside(self.doomed.suite).channel("audit.ledger", as_process="identity") as channel:
            stub = rpc.ProcessServiceStub(channel)
            while not self.stopping.is_set():
                try:
                    receipt = stub.EnterRefusals(refusal(), timeout=CALL_SECONDS, wait_for_ready=True).receipt
                except grpc.RpcError:
                    time.sleep(0.01)
                    continue
                with self.lock:
                    self.answers += 1
                    # The same position twice would be two histories.
                    if receipt.index in self.receipts:
                        self.twice.append(receipt.index)
                    self.receipts.setdefault(receipt.index, receipt.leaf)


def test_receipts_outlive_every_kill(
    doomed: Doomed, is_full: bool, record_property: Callable[[str, object], None]
) -> None:
    rounds = 25 if is_full else 3

    def kill_both() -> None:
        doomed.suite.process("audit.ledger").kill()
        doomed.kill_postgres()

    strikes: tuple[Callable[[], None], ...] = (
        doomed.kill_postgres,
        doomed.suite.process("audit.ledger").kill,
        kill_both,
    )
    appenders = Appenders(doomed)
    threads = [threading.Thread(target=appenders.work, daemon=True) for _ in range(APPENDERS)]
    for thread in threads:
        thread.start()
    try:
        for strike in itertools.islice(itertools.cycle(strikes), rounds):
            before = appenders.answers
            time.sleep(ROUND_SECONDS)
            assert appenders.answers - before >= LEAST_A_ROUND, "struck while nothing was being appended"
            strike()
            doomed.wait_until_the_ledger_leads()
    finally:
        appenders.stopping.set()
        for thread in threads:
            thread.join(2 * CALL_SECONDS)
    doomed.suite.process(LEDGERS_POSTGRES).wait_healthy()
    leaves = LogBook(doomed.suite).leaves()
    lost = [index for index, leaf in appenders.receipts.items() if leaves.get(index) != leaf]
    assert not lost, f"{len(lost)} of {len(appenders.receipts)} acknowledged entries are lost"
    assert not appenders.twice
    LogBook(doomed.suite).check()
    record_property("figure", f"{rounds} rounds of kill -9, {len(appenders.receipts)} receipts, 0 lost; check-log ok")
