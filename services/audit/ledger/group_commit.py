"""The one thread that writes: it takes all that waits, decides in order, commits once, then lets answers out."""

from __future__ import annotations

import heapq
import logging
import queue
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from services.audit.ledger.domain.keyring import Unreadable
from services.audit.ledger.domain.work import Work
from services.audit.ledger.ports import (
    BatchTransaction,
    KeyWrapping,
    NotLeading,
    Published,
    Store,
    StoreChanged,
    StoreUnavailable,
)
from services.audit.ledger.tenure import Staged, Tenure, begin
from services.audit.ledger.use_cases.settle import SettleWork
from services.runtime import deadline as deadlines
from services.runtime.clock import Clock
from services.runtime.deadline import Deadline
from services.runtime.errors import Busy, DeadlineTooShort, DependencyUnavailable, ServiceError

log = logging.getLogger(__name__)

T = TypeVar("T")

_UNPLANNED = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""A fault of ours: in deciding, one piece of work fails alone; anywhere else the batch does, and nothing is written."""
_TRY_AGAIN_SECONDS = 0.25
_IDLE_SECONDS = 0.05
_OWN_SETTLES_WITHIN_MS = 60


@dataclass
class _Waiting:
    """One call that waits for its work to be done."""

    work: Work[Any]
    deadline: Deadline
    future: Future[Any] = field(default_factory=Future)


class GroupCommit:
    """The writer. `run` is its thread; `write` is called from all others."""

    def __init__(
        self,
        *,
        store: Store,
        wrapping: KeyWrapping,
        clock: Clock,
        environment: str,
        limits_digest: bytes,
        session_seconds: int,
        most: int = 256,
        waiting: int = 1024,
    ) -> None:
        self._store = store
        self._clock = clock
        self._most = most
        self._waiting: queue.Queue[_Waiting] = queue.Queue(waiting)
        self._tenure: Tenure | None = None
        self._published: Published | None = None
        self._own_acts: list[tuple[float, bytes]] = []
        self._begin: Callable[[], Tenure] = lambda: begin(
            store=store,
            wrapping=wrapping,
            clock=clock,
            environment=environment,
            limits_digest=limits_digest,
            session_seconds=session_seconds,
        )

    # --- for the threads that serve calls ---

    @property
    def is_leading(self) -> bool:
        """Whether this process leads and has read everything it needs."""
        return self._published is not None

    def published(self) -> Published:
        """Return the log as of the last commit; raises DependencyUnavailable while this process does not lead."""
        found = self._published
        if found is None:
            raise DependencyUnavailable
        return found

    def write(self, work: Work[T]) -> T:
        """Return the work's answer once what it wrote is durable; raises as the port says."""
        if self._published is None:
            raise DependencyUnavailable
        waiting = _Waiting(work, deadlines.current())
        try:
            self._waiting.put_nowait(waiting)
        except queue.Full:
            raise Busy from None
        try:
            answer: T = waiting.future.result(waiting.deadline.remaining_seconds())
        except TimeoutError:
            # It may still be written, as anything may whose answer is lost; nothing is released to anyone.
            raise DeadlineTooShort from None
        return answer

    # --- the writer's thread ---

    def run(self, stopping: threading.Event) -> None:
        """Lead whenever that is possible, and write what waits, until told to stop."""
        try:
            while not stopping.is_set():
                if self._tenure is None and not self._try_to_lead():
                    self._refuse_waiting()
                    stopping.wait(_TRY_AGAIN_SECONDS)
                    continue
                self._write_batch(self._taken())
        finally:
            # What came in time is still written: the server waits for it while it drains.
            while self._tenure is not None and (last := self._taken()):
                self._write_batch(last)
            self._lose_tenure()
            self._refuse_waiting()

    def _try_to_lead(self) -> bool:
        try:
            tenure = self._begin()
        except NotLeading:
            return False
        except (StoreUnavailable, StoreChanged, Unreadable, ValueError) as error:
            log.error("ledger_does_not_lead", extra={"error_type": type(error).__name__})  # noqa: TRY400  # no text: it may hold values
            self._store.step_down()
            return False
        self._tenure = tenure
        self._own_acts = [(0.0, act_id) for act_id in tenure.own_unsettled]
        self._published = tenure.published()
        log.info("ledger_leads", extra={"epoch": tenure.epoch, "entries": tenure.tree.size})
        return True

    def _lose_tenure(self) -> None:
        self._tenure, self._published = None, None
        self._own_acts = []
        self._store.step_down()

    def _taken(self) -> list[_Waiting]:
        """Return all that waits, at most a batch of it; waits a moment for the first."""
        taken = self._own_settling()
        try:
            if not taken:
                taken.append(self._waiting.get(timeout=_IDLE_SECONDS))
            while len(taken) < self._most:
                taken.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return taken

    def _own_settling(self) -> list[_Waiting]:
        now, due = self._clock.monotonic(), []
        while self._own_acts and self._own_acts[0][0] <= now:
            _, act_id = heapq.heappop(self._own_acts)
            work = SettleWork(act_id, is_done=True, is_own=True)
            due.append(_Waiting(work, Deadline.after(deadlines.LONGEST_SECONDS)))
        return due

    def _refuse_waiting(self) -> None:
        while True:
            try:
                self._waiting.get_nowait().future.set_exception(DependencyUnavailable())
            except queue.Empty:
                return

    def _write_batch(self, taken: list[_Waiting]) -> None:
        tenure = self._tenure
        if not taken or tenure is None:
            return
        try:
            with self._store.batch() as transaction:
                staged, answers = self._decided(tenure, transaction, taken)
                if staged.entries:
                    transaction.write(staged.writing(tenure), month=tenure.keyring.month)
        except (StoreUnavailable, *_UNPLANNED) as error:
            # Perhaps it was written, perhaps not: nothing is released, and memory is made anew from what is stored.
            log.warning("batch_not_committed", extra={"error_type": type(error).__name__, "calls": len(taken)})
            self._lose_tenure()
            for waiting in taken:
                waiting.future.set_exception(DependencyUnavailable())
            return
        self._published = tenure.published()
        for act_id in staged.own_acts:
            after = secrets.randbelow(_OWN_SETTLES_WITHIN_MS) / 1000
            heapq.heappush(self._own_acts, (self._clock.monotonic() + after, act_id))
        for waiting, answer in answers:
            _resolve(waiting.future, answer)

    def _decided(
        self, tenure: Tenure, transaction: BatchTransaction, taken: list[_Waiting]
    ) -> tuple[Staged, list[tuple[_Waiting, Callable[[], Any]]]]:
        staged = Staged.read(tenure, transaction, [waiting.work for waiting in taken], now=self._clock.now())
        answers: list[tuple[_Waiting, Callable[[], Any]]] = []
        for waiting in taken:
            try:
                if waiting.deadline.remaining_seconds() <= 0:
                    raise DeadlineTooShort
                prepared = staged.prepare(tenure, waiting.work)
            except (ServiceError, *_UNPLANNED) as error:
                answers.append((waiting, _raising(error)))
            else:
                answers.append((waiting, staged.stage(tenure, prepared)))
        return staged, answers


def _raising(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def _resolve(future: Future[Any], answer: Callable[[], Any]) -> None:
    try:
        future.set_result(answer())
    except (ServiceError, *_UNPLANNED) as error:
        future.set_exception(error)
