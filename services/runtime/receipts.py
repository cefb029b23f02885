"""Remembers the newest receipt that this process holds, so that a log that has forgotten it is not believed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from services.runtime.errors import LedgerBehind, ServiceError

log = logging.getLogger(__name__)


class NewestReceipt(Protocol):
    """Where the index of the newest receipt outlives this process."""

    def load(self) -> int:
        """Return the index, -1 before the first receipt."""
        ...

    def keep(self, index: int) -> None:
        """Remember `index` if it is newer."""
        ...


@dataclass
class Awaited:
    """An answer that is on its way: what it brings must be newer than all that was known when it was asked for."""

    index: int | None = None


class ReceiptGuard:
    """Refuses answers of a log that is older than a receipt in our hands (a restored copy, a fork)."""

    def __init__(self, kept: NewestReceipt) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._newest = kept.load()
        self._written = self._newest

    @contextmanager
    def newer(self) -> Iterator[Awaited]:
        """Run a call that makes a new entry; set `index` of what is yielded to the answer's. Raises LedgerBehind."""
        known = self.newest()
        awaited = Awaited()
        yield awaited
        if awaited.index is None:
            raise LedgerBehind
        self.check(awaited.index, known=known)

    def newest(self) -> int:
        """Return the index of the newest receipt, -1 before the first."""
        return self._newest

    def check(self, index: int, *, known: int) -> None:
        """Take note of a receipt that must be newer than `known`, an index of before its call; raises LedgerBehind."""
        if index <= known:
            raise LedgerBehind
        self.saw(index)

    def saw(self, index: int) -> None:
        """Take note of a receipt whose entry may be old: an act that was repeated."""
        with self._lock:
            self._newest = max(self._newest, index)

    def write(self) -> None:
        """Make what is known outlive this process; call it every second and with each write.

        Raises what keeping raises.
        """
        newest = self._newest
        if newest > self._written:
            self._kept.keep(newest)
            self._written = newest

    def loop(self, seconds: float = 1.0) -> Callable[[threading.Event], None]:
        """Return a loop, for `also_until_stopped`, that writes every `seconds` and at the end."""

        def work(stopping: threading.Event) -> None:
            while not stopping.wait(seconds):
                self._try_to_write()
            self._try_to_write()

        return work

    def _try_to_write(self) -> None:
        try:
            self.write()
        except ServiceError as error:
            # It is known here meanwhile; a database that is away for a moment must not end the process.
            log.warning("newest_receipt_not_kept", extra={"reason": error.reason})
