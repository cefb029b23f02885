"""Between bytes and messages: requests are parsed only once the caller may call, answers are checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError, Message

from services.runtime.errors import InvalidRequest, MessageTooLarge
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, behaviour_of, raw
from services.runtime.interceptors.limits import LARGEST_MESSAGE_BYTES
from services.runtime.validation import check_answer, check_request


class AnswerTooLarge(RuntimeError):  # it names what happened
    """We made an answer larger than any of ours may be."""


class Messages(Interceptor):
    """The innermost: everything outside it sees the request's bytes as they came, which is what tokens are bound to."""

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Surround the handler."""
        handler = continuation(handler_call_details)
        if handler is None or handler.request_deserializer is None or handler.response_serializer is None:
            return handler
        parse, write, inner = handler.request_deserializer, handler.response_serializer, behaviour_of(handler)

        def read(request: Any) -> Any:
            return (_read(one, parse) for one in request) if handler.request_streaming else _read(request, parse)

        def call(request: Any, context: grpc.ServicerContext) -> bytes:
            return _written(inner(read(request), context), write)

        def stream(request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:
            for answer in inner(read(request), context):
                yield _written(answer, write)

        return raw(handler, stream if handler.response_streaming else call)


def _read(request: bytes, parse: Callable[[bytes], Any]) -> Any:
    if len(request) > LARGEST_MESSAGE_BYTES:
        raise MessageTooLarge
    try:
        message = parse(request)
    except (DecodeError, ValueError):
        raise InvalidRequest([("", "NOT_A_MESSAGE")]) from None
    if isinstance(message, Message):
        check_request(message)
    return message


def _written(answer: Any, write: Callable[[Any], bytes]) -> bytes:
    if isinstance(answer, Message):
        check_answer(answer)
    written = write(answer)
    if len(written) > LARGEST_MESSAGE_BYTES:
        raise AnswerTooLarge
    return written
