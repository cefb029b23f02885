"""Threads that draw pages, and how many pages may wait for one."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.responses import Response

from services.runtime.errors import Busy


class Workers:
    """A few threads and a short queue; more than both hold is refused at once."""

    def __init__(self, threads: int, *, waiting: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self.busy = 0
        """Pages that are drawn, or wait to be."""

    async def draw(self, view: Callable[[], Response]) -> Response:
        """Return what `view` returns, on a thread of its own; raises Busy where no more may wait."""
        if self.busy >= self._most:
            raise Busy
        self.busy += 1
        try:
            context = contextvars.copy_context()
            return await asyncio.get_running_loop().run_in_executor(self._pool, context.run, view)
        finally:
            self.busy -= 1

    def close(self) -> None:
        """Wait for the pages that are being drawn."""
        self._pool.shutdown(wait=True, cancel_futures=True)
