"""Who is calling: the process or system at the other end of the channel, and the person or supplier in the token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from services.runtime.peers import Peer
from services.runtime.tokens import Act


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Everything that was proved about the call being served, and nothing that was merely said."""

    peer: Peer
    """From the certificate of the channel."""
    act: Act | None
    """From the token; None where the method takes none."""
    token: str | None
    """The token as it came, so that a client channel can hand it on; never logged, hence not in repr."""
    digest: bytes
    """SHA-256 of the request's bytes as they came."""
    method: str
    """The method being served, "/package.Service/Method"."""
    channel: str | None
    """Thumbprint of the outside channel's certificate, as the edge says it; None if the edge said nothing."""

    def __repr__(self) -> str:
        """Return a text without the token, the person or the digests."""
        return f"Caller(method={self.method!r}, peer={self.peer.process!r})"


_current: ContextVar[Caller] = ContextVar("caller")


def current_caller() -> Caller:
    """Return the caller of the call being served; raises LookupError outside a call."""
    return _current.get()


def caller_or_none() -> Caller | None:
    """Return the caller of the call being served, or None outside a call."""
    return _current.get(None)


def begin(caller: Caller) -> None:
    """Make `caller` the one of the call being served; only the authentication interceptor does this."""
    _current.set(caller)


@contextmanager
def acting_for(caller: Caller) -> Iterator[None]:
    """Run a block as if serving `caller`: for tests, and for work handed to another thread."""
    token = _current.set(caller)
    try:
        yield
    finally:
        _current.reset(token)
