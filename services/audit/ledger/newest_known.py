"""A log that lacks an entry whose receipt a caller holds writes nothing for it: it must not grow back into belief."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc

from services.runtime.errors import LedgerBehind
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, guarded
from services.runtime.interceptors.limits import KNOWN_KEY, one_value

log = logging.getLogger(__name__)


class NewestKnown(Interceptor):
    """Refuses calls of a caller who holds a receipt from beyond the end of this log: it is a copy that was put back."""

    def __init__(self, size: Callable[[], int], proven_size: Callable[[], int]) -> None:
        """Take `size`, how long the log is as far as this process remembers, and `proven_size`, as it is for sure.

        Both raise NotTheLeader where another process leads.
        """
        self._size = size
        self._proven_size = proven_size
        self._largest = -1

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Surround the handler."""
        handler = continuation(handler_call_details)

        @contextmanager
        def check(_: bytes | None, context: grpc.ServicerContext) -> Iterator[None]:
            known = one_value(context.invocation_metadata(), KNOWN_KEY)
            if known is not None and known.isdecimal() and self._lacks(int(known)):
                self._tell(int(known))
                raise LedgerBehind
            yield

        return handler and guarded(handler, check)

    def _tell(self, index: int) -> None:
        # How far the log must come back, or its gap must reach: what the operator has to know.
        if index > self._largest:
            self._largest = index
            log.error("ledger_lacks_entries", extra={"size": self._size(), "known": index})

    def _lacks(self, index: int) -> bool:
        # A leader that was overtaken in its sleep remembers an old log: that is no alarm, and no answer either.
        return index >= self._size() and index >= self._proven_size()
