"""The one thread that writes: it takes all that waits, decides in order, commits once, then lets answers out.

While another process leads, it follows.
"""

from __future__ import annotations

import heapq
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from services.audit.ledger.domain.keyring import Unreadable
from services.audit.ledger.domain.work import Work
from services.audit.ledger.following import Following
from services.audit.ledger.ports import (
    LEASE_SECONDS,
    BatchTransaction,
    KeyWrapping,
    NotLeading,
    Published,
    Store,
    StoreChanged,
    StoreUnavailable,
)
from services.audit.ledger.tenure import Staged, Tenure
from services.audit.ledger.use_cases.settle import SettleWork
from services.runtime import deadline as deadlines
from services.runtime.clock import Clock
from services.runtime.deadline import Deadline
from services.runtime.errors import Busy, DeadlineTooShort, DependencyUnavailable, NotTheLeader

log = logging.getLogger(__name__)

T = TypeVar("T")

_TRY_AGAIN_SECONDS = 0.25
_ASK_EVERY_SECONDS = 0.1
"""How often a standby asks whether it may lead, and how stale what it knows may be before it is no standby."""
_FOLLOW_EVERY_SECONDS = 1.0
_IS_WARM_SECONDS = 10.0
_IDLE_SECONDS = 0.05
_RENEWALS_A_LEASE = 5
_LOOK_EVERY_SECONDS = 0.25
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
        lease_seconds: float = LEASE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
        committed: Callable[[int, float], None] = lambda _calls, _seconds: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._most = most
        self._waiting: queue.Queue[_Waiting] = queue.Queue(waiting)
        self._tenure: Tenure | None = None
        self._published: Published | None = None
        self._last_words: Published | None = None
        self._own_acts: list[tuple[float, bytes]] = []
        self._following = Following(
            store=store,
            wrapping=wrapping,
            clock=clock,
            environment=environment,
            limits_digest=limits_digest,
            session_seconds=session_seconds,
        )
        self._lease_seconds = lease_seconds
        self._monotonic = monotonic
        self._changed = changed
        self._committed = committed
        self._leads_until = self._renew_at = self._follow_at = self._is_warm_until = -1.0

    # --- for the threads that serve calls ---

    @property
    def is_leading(self) -> bool:
        """Whether this process leads and has read everything it needs; not when its lease has run out unrenewed."""
        return self._published is not None and self._monotonic() < self._leads_until

    @property
    def is_ready(self) -> bool:
        """Whether this process leads, or knows all but the last seconds of the log."""
        return self.is_leading or self._monotonic() < self._is_warm_until

    @property
    def waiting(self) -> int:
        """How many calls wait to be written."""
        return self._waiting.qsize()

    @property
    def unsettled(self) -> int | None:
        """How many acts are entered and not settled, None while another process leads."""
        return len(tenure.pending) if (tenure := self._tenure) is not None else None

    @property
    def size(self) -> int:
        """How many entries there are, as far as this process remembers; raises NotTheLeader where another leads."""
        found = self._published
        if found is None or not self.is_leading:
            raise NotTheLeader
        return found.size

    def published(self) -> Published:
        """Return the log as of the last commit; raises DependencyUnavailable while this process does not lead.

        What was committed before an orderly end is shown to calls in flight, whose own entries are in it.
        """
        found = self._published or self._last_words
        if found is None:
            raise DependencyUnavailable
        return found

    def write(self, work: Work[T]) -> T:
        """Return the work's answer once what it wrote is durable; raises as the port says."""
        if not self.is_leading:
            raise NotTheLeader
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
        """Lead whenever that is possible, and write what waits, until told to stop; follow while another leads."""
        try:
            while not stopping.is_set():
                if self._tenure is None:
                    pause = self._follow_or_lead()
                    self._refuse_waiting()
                    stopping.wait(pause)
                    continue
                self._write_batch(self._taken())
                self._renew_lease()
        finally:
            # What came in time is still written: the server waits for it while it drains.
            while self._tenure is not None and (last := self._taken()):
                self._write_batch(last)
            self._last_words = self._published
            self._lose_tenure(is_orderly=True)
            self._refuse_waiting()

    def guard(self, stopping: threading.Event) -> None:
        """Cut the database's connection when the lease has run out while the writer waits for an answer on it."""
        was_leading = False
        while not stopping.wait(_LOOK_EVERY_SECONDS):
            if was_leading and not self.is_leading:
                self._changed()
            was_leading = self.is_leading
            if self._tenure is not None and not was_leading:
                log.error("ledger_cannot_renew_its_lease")
                self._store.abandon()

    def _follow_or_lead(self) -> float:
        """Return how long to wait before the next time: not at all if this process leads now."""
        began = self._monotonic()
        try:
            if began >= self._follow_at:
                self._following.catch_up()
                # By when it was asked, not answered: what is read may be as old as that.
                self._is_warm_until = began + _IS_WARM_SECONDS
                self._follow_at = self._monotonic() + _FOLLOW_EVERY_SECONDS
                began = self._monotonic()
            tenure = self._following.lead()
        except NotLeading:
            return _ASK_EVERY_SECONDS
        except (StoreUnavailable, StoreChanged, Unreadable, ValueError) as error:
            log.error("ledger_does_not_lead", extra={"error_type": type(error).__name__})  # noqa: TRY400  # no text: it may hold values
            if not isinstance(error, StoreUnavailable):
                self._following.forget()
            self._follow_at = self._is_warm_until = -1.0
            self._store.step_down()
            return _TRY_AGAIN_SECONDS
        self._tenure = tenure
        self._own_acts = [(0.0, act_id) for act_id in tenure.own_unsettled]
        self._published = tenure.published()
        self._has_renewed(began)
        seconds = round(self._monotonic() - began, 3)
        log.info("ledger_leads", extra={"epoch": tenure.epoch, "size": tenure.tree.size, "seconds": seconds})
        self._changed()
        return 0.0

    def _renew_lease(self) -> None:
        began = self._monotonic()
        if self._tenure is None or began < self._renew_at:
            return
        try:
            self._store.renew()
        except StoreUnavailable as error:
            log.warning("lease_not_renewed", extra={"error_type": type(error).__name__})
            self._lose_tenure()
        else:
            self._has_renewed(began)

    def _has_renewed(self, asked_at: float) -> None:
        # By our own clock from before we asked: the database counts from later.
        self._leads_until = asked_at + self._lease_seconds
        self._renew_at = asked_at + self._lease_seconds / _RENEWALS_A_LEASE

    def _lose_tenure(self, *, is_orderly: bool = False) -> None:
        had = self._tenure is not None
        self._tenure, self._published = None, None
        self._own_acts = []
        self._following.forget()
        self._follow_at = self._is_warm_until = self._leads_until = -1.0
        if is_orderly:
            self._store.give_back()
        else:
            self._store.step_down()
        if had:
            log.info("ledger_leads_no_more")
            self._changed()

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
                self._waiting.get_nowait().future.set_exception(NotTheLeader())
            except queue.Empty:
                return

    def _write_batch(self, taken: list[_Waiting]) -> None:
        tenure = self._tenure
        if not taken or tenure is None:
            return
        began = self._monotonic()
        try:
            with self._store.batch() as transaction:
                staged, answers = self._decided(tenure, transaction, taken)
                if staged.entries:
                    transaction.write(staged.writing(tenure), month=tenure.keyring.month)
        except NotLeading:
            # The fence: another's epoch has begun, and nothing of this was written. The leader may be asked the same.
            log.warning("ledger_was_overtaken", extra={"count": len(taken)})
            self._lose_tenure()
            for waiting in taken:
                waiting.future.set_exception(NotTheLeader())
            return
        except Exception as error:  # noqa: BLE001  # as below
            # Perhaps it was written, perhaps not: nothing is released, and memory is made anew from what is stored.
            log.warning("batch_not_committed", extra={"error_type": type(error).__name__, "count": len(taken)})
            self._lose_tenure()
            for waiting in taken:
                waiting.future.set_exception(DependencyUnavailable())
            return
        if staged.entries:
            self._has_renewed(began)
            self._committed(len(taken), self._monotonic() - began)
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
            if waiting.deadline.remaining_seconds() <= 0:
                answers.append((waiting, _raising(DeadlineTooShort())))
                continue
            try:
                prepared = staged.prepare(tenure, waiting.work)
            except Exception as error:  # noqa: BLE001  # a fault of ours spoils one call: nobody's call ends the writer
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
    except Exception as error:  # noqa: BLE001  # as above
        future.set_exception(error)
