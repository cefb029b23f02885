"""Worker threads for calls, with a bounded line in front of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class CallPool(ThreadPoolExecutor):
    """Threads that serve calls; `is_full` once as many are waiting as may."""

    def __init__(self, workers: int, *, waiting: int, name: str) -> None:
        super().__init__(workers, thread_name_prefix=name)
        self.workers = workers
        self.most = workers + waiting
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

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn` in a worker when one is free, and count it until it ends, however it ends."""
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
