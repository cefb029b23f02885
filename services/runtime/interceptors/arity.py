"""Wraps a method handler of any of gRPC's four arities, so no interceptor skips streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    # Generic only to the type checker.
    Handler = grpc.RpcMethodHandler[Any, Any]
    Interceptor = grpc.ServerInterceptor[Any, Any]
else:
    Handler = grpc.RpcMethodHandler
    Interceptor = grpc.ServerInterceptor

Continuation = Callable[[grpc.HandlerCallDetails], Handler | None]
Guard = Callable[[bytes | None, grpc.ServicerContext], AbstractContextManager[None]]
"""Given the request's bytes (None where requests stream) and the context: what surrounds the call."""


def guarded(handler: Handler, guard: Guard) -> Handler:
    """Run `handler` inside `guard`: around the call, or around the whole stream."""
    inner = behaviour_of(handler)

    def call(request: Any, context: grpc.ServicerContext) -> Any:
        with guard(None if handler.request_streaming else request, context):
            return inner(request, context)

    def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        with guard(None if handler.request_streaming else request, context):
            yield from inner(request, context)

    return with_behaviour(handler, stream if handler.response_streaming else call)


def behaviour_of(handler: Handler) -> Callable[[Any, grpc.ServicerContext], Any]:
    """Return the function of `handler`, whatever its arity."""
    found: Callable[[Any, grpc.ServicerContext], Any] = getattr(handler, _arity(handler))
    return found


def with_behaviour(handler: Handler, behaviour: Callable[[Any, grpc.ServicerContext], Any]) -> Handler:
    """Return a handler of the same arity and serialisers with another function."""
    make = getattr(grpc, f"{_arity(handler)}_rpc_method_handler")
    made: Handler = make(behaviour, handler.request_deserializer, handler.response_serializer)
    return made


def raw(handler: Handler, behaviour: Callable[[Any, grpc.ServicerContext], Any]) -> Handler:
    """Return a handler of the same arity that takes and gives bytes as they are on the wire."""
    make = getattr(grpc, f"{_arity(handler)}_rpc_method_handler")
    made: Handler = make(behaviour, None, None)
    return made


def _arity(handler: Handler) -> str:
    asked = "stream" if handler.request_streaming else "unary"
    return f"{asked}_stream" if handler.response_streaming else f"{asked}_unary"
