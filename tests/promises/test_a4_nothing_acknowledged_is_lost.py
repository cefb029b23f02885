"""A4: nothing acknowledged is lost, however often ledger and PostgreSQL are killed under it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from tests.support.doomed import LEDGERS_POSTGRES, Doomed, doomed_town, refusal
from tests.support.inside import Inside
from tests.support.log_book import LogBook

APPENDERS = 8
CALL_SECONDS = 2.0
LEAST_A_ROUND = 100
MORE_WITHIN_SECONDS = 30.0


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
        """Append until told to stop; after a failure on a new channel, since an old one waits longer and longer."""
        while not self.stopping.is_set():
            with (
                Inside(self.doomed.suite).channel("audit.ledger", as_process="identity") as channel,
                suppress(grpc.RpcError),
            ):
                self._append(rpc.ProcessServiceStub(channel))
            time.sleep(0.02)

    def _append(self, stub: rpc.ProcessServiceStub) -> None:
        while not self.stopping.is_set():
            receipt = stub.EnterRefusals(refusal(), timeout=CALL_SECONDS, wait_for_ready=True).receipt
            with self.lock:
                self.answers += 1
                # The same position twice would be two histories.
                if receipt.index in self.receipts:
                    self.twice.append(receipt.index)
                self.receipts.setdefault(receipt.index, receipt.leaf)

    def until_more(self, wanted: int) -> None:
        """Wait until so many more were acknowledged."""
        before, end = self.answers, time.monotonic() + MORE_WITHIN_SECONDS
        while self.answers - before < wanted:
            assert time.monotonic() < end, "nothing is being appended"
            time.sleep(0.005)


@pytest.mark.timeout(900)
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
            appenders.until_more(LEAST_A_ROUND)
            strike()
            # Without the supervisor's growing patience with what dies again and again.
            for name in (LEDGERS_POSTGRES, "audit.ledger"):
                doomed.suite.process(name).start()
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
