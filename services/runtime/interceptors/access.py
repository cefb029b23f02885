"""Enforces the (access) option that every RPC carries in its proto."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from services.runtime import tokens
from services.runtime.access import AccessTable, Assurance, Exposure, MethodAccess, permissions_of
from services.runtime.caller import current_caller
from services.runtime.errors import NotPermitted
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, guarded
from services.runtime.tokens import Act

_ENOUGH = {
    Assurance.TWO_FACTOR: frozenset({tokens.TWO_FACTOR, tokens.KEY_ON_ACT}),
    Assurance.KEY_ON_ACT: frozenset({tokens.KEY_ON_ACT}),
    Assurance.SYSTEM: frozenset({tokens.SYSTEM}),
}
_UNLISTED: Handler = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")


class Access(Interceptor):
    """Lets a call through only when the one role in use grants the method's permission, on the assurance it asks."""

    def __init__(self, *, process: str, table: AccessTable) -> None:
        self._process = process
        self._table = table

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Surround the handler; a method that is not there gets one, so that it looks forbidden, not unimplemented."""
        handler = continuation(handler_call_details)
        said = self._table.get(handler_call_details.method)

        @contextmanager
        def check(_: bytes | None, __: grpc.ServicerContext) -> Iterator[None]:
            if handler is None or said is None or said.process != self._process:
                raise NotPermitted
            self._check(said)
            yield

        return guarded(handler or _UNLISTED, check)

    def _check(self, said: MethodAccess) -> None:
        act = current_caller().act
        if not said.takes_token:
            return
        if act is None:
            raise NotPermitted
        # An onward call stands on the method that the person called, and on its own permission where it names one.
        cause = said if said.exposure is Exposure.EDGE else self._table.get(act.mth)
        if cause is None:
            raise NotPermitted
        check_act(act, cause)
        if said.permission and said.permission not in _granted(act):
            raise NotPermitted


def check_act(act: Act, said: MethodAccess) -> None:
    """Raise NotPermitted unless `act` may call the exposed method that says `said`: by its assurance and its role."""
    if act.acr not in _ENOUGH.get(said.assurance, frozenset()):
        raise NotPermitted
    if said.permission and said.permission not in _granted(act):
        raise NotPermitted


def _granted(act: Act) -> frozenset[str]:
    return permissions_of(act.rol) if act.rol is not None else frozenset()
