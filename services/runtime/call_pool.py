"""Worker threads for calls, with a bounded line in front of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

MOST_SILENT = 256
"""Calls whose request has not come: they hold a thread, which costs little, and none of the workers."""


class CallPool(ThreadPoolExecutor):
    """Threads that serve calls, `workers` of them at once; `is_full` once as many are waiting as may."""

    def __init__(self, workers: int, *, waiting: int, name: str) -> None:
        # Threads are made when they are needed; these are the most.
        super().__init__(workers + waiting + MOST_SILENT, thread_name_prefix=name)
        self.workers = workers
        self.most = workers + waiting
        self._at_work = threading.Semaphore(workers)
        self._count_lock = threading.Lock()
        self._count = 0

    @property
    def is_full(self) -> bool:
        """Whether one more call would have to be refused."""
        return self._count >= self.most

    @property
    def busy(self) -> int:
        """How many calls are being served."""
        return min(self._count, self.workers)

    @property
    def waiting(self) -> int:
        """How many calls wait for a worker."""
        return max(0, self._count - self.workers)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Do not count a call while the block waits for its request."""
        self._over()
        try:
            yield
        finally:
            with self._count_lock:
                self._count += 1

    @contextmanager
    def work(self) -> Iterator[None]:
        """Be one of the workers while the block runs, as soon as there is one."""
        with self._at_work:
            yield

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` in a thread, and count it until it ends, however it ends."""
        with self._count_lock:
            self._count += 1
        try:
            future = super().submit(fn, *args, **kwargs)
        except RuntimeError:
            self._over()
            raise
        future.add_done_callback(lambda _: self._over())
        return future

    def _over(self) -> None:
        with self._count_lock:
            self._count -= 1
