"""The edge's methods, as typed stubs that carry one session's handle and raise refusals as ServiceError."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Self

import grpc
from contactpoint.audit.review.v1.review_service_pb2_grpc import CustodyServiceStub, ReviewServiceStub
from contactpoint.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub, ProviderServiceStub
from contactpoint.identity.v1.identity_service_pb2_grpc import (
    AdministrationServiceStub,
    PeopleServiceStub,
    SessionServiceStub,
    SignInServiceStub,
)
from contactpoint.shielding.v1.shielding_service_pb2_grpc import ShieldingServiceStub

from services.runtime.access import Audit, whole_table
from services.runtime.channels import PeerChannel
from services.runtime.interceptors.limits import SESSION_KEY


class Edge:
    """What one visitor can ask of the edge: `edge.directory.OpenRecord(request)` returns the answer.

    Every method raises the ServiceError that refuses. A call is repeated by itself only where that is safe: where it
    carries the caller's key for the act, or discloses nothing.
    """

    def __init__(self, channel: PeerChannel, *, session: str, when_answered: Callable[[], None]) -> None:
        self._bound = _BoundChannel(channel, session, when_answered)

    @cached_property
    def sign_in(self) -> SignInServiceStub:
        """Signing in and enrolment."""
        return SignInServiceStub(self._bound)

    @cached_property
    def sessions(self) -> SessionServiceStub:
        """One's own sessions and account."""
        return SessionServiceStub(self._bound)

    @cached_property
    def people(self) -> PeopleServiceStub:
        """The names behind ids of entries and cases."""
        return PeopleServiceStub(self._bound)

    @cached_property
    def administration(self) -> AdministrationServiceStub:
        """Organisations, systems and accounts."""
        return AdministrationServiceStub(self._bound)

    @cached_property
    def directory(self) -> DirectoryServiceStub:
        """Children and who works with them."""
        return DirectoryServiceStub(self._bound)

    @cached_property
    def providers(self) -> ProviderServiceStub:
        """Schools, practices and teams."""
        return ProviderServiceStub(self._bound)

    @cached_property
    def shielding(self) -> ShieldingServiceStub:
        """Shields."""
        return ShieldingServiceStub(self._bound)

    @cached_property
    def review(self) -> ReviewServiceStub:
        """The log, read by people."""
        return ReviewServiceStub(self._bound)

    @cached_property
    def custody(self) -> CustodyServiceStub:
        """What custodians accept, two of them."""
        return CustodyServiceStub(self._bound)


class _BoundChannel(grpc.Channel):
    """A channel whose calls carry one session's handle; only unary methods exist among ours."""

    def __init__(self, channel: PeerChannel, session: str, when_answered: Callable[[], None]) -> None:
        self._channel = channel
        self._metadata = [(SESSION_KEY, f"Bearer {session}")] if session else []
        self._when_answered = when_answered

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one method."""
        stub = self._channel.unary_unary(method, *arguments, **named)

        def call(request: Any) -> Any:
            answer = self._channel.call(
                stub, request, idempotent=_may_be_repeated(method, request), metadata=self._metadata
            )
            self._when_answered()
            return answer

        return call

    def unary_stream(self, *_: Any, **__: Any) -> Any:
        """No method of ours streams."""
        raise NotImplementedError

    def stream_unary(self, *_: Any, **__: Any) -> Any:
        """No method of ours streams."""
        raise NotImplementedError

    def stream_stream(self, *_: Any, **__: Any) -> Any:
        """No method of ours streams."""
        raise NotImplementedError

    def subscribe(self, *_: Any, **__: Any) -> None:
        """Nobody watches a visitor's channel."""
        raise NotImplementedError

    def unsubscribe(self, *_: Any) -> None:
        """Nobody watches a visitor's channel."""
        raise NotImplementedError

    def close(self) -> None:
        """The process's channel outlives its visitors."""

    def __enter__(self) -> Self:
        """Return this channel."""
        return self

    def __exit__(self, *_: object) -> None:
        """The process's channel outlives its visitors."""


def _may_be_repeated(method: str, request: Any) -> bool:
    if getattr(request, "idempotency_key", ""):
        return True
    said = whole_table().get(method)
    return said is not None and said.takes_token and said.audit is Audit.NOT_NEEDED
