"""Refusals that a page about a child answers itself, so that nothing typed is lost."""

from __future__ import annotations

from gateway.web.pages.about_children.submitted import Faults
from services.runtime.errors import ServiceError

SEND = "send"
"""The id of the button that sends a form: what is wrong with no field in particular is said there."""
_SPENT = {
    "ACT_GIVEN_UP": "This was interrupted and nothing was recorded. Check what you entered and send it again",
    "IDEMPOTENCY_KEY_REUSED": "This was sent before with other contents. Check what you entered and send it again",
}
_MAY_PASS = {
    "BEING_CHANGED": "Somebody else is changing this record right now. Wait a moment and send it again",
    "BUSY": "The service is busy. Wait a moment and send it again",
    "DEPENDENCY_UNAVAILABLE": "The service did not answer. Send it again: it will not be recorded twice",
    "DEADLINE_TOO_SHORT": "The service took too long. Send it again: it will not be recorded twice",
    "LEDGER_BEHIND": "The service is being restored. Wait a moment and send it again",
    "STANDING_CHANGED": "Your access has just changed. Send it again",
    "TOKEN_SPENT": "This did not arrive. Send it again",
}


def violations(refused: ServiceError) -> tuple[tuple[str, str], ...]:
    """Return the field paths and reasons of a refusal, none where it names no field."""
    found: tuple[tuple[str, str], ...] = tuple(getattr(refused, "field_violations", ()))
    return found


def to_send_again(refused: ServiceError) -> Faults:
    """Return what to say beside a form that may simply be sent again; nothing for any other refusal."""
    sentence = _SPENT.get(refused.reason) or _MAY_PASS.get(refused.reason)
    return {SEND: sentence} if sentence else {}


def next_act(refused: ServiceError, act: str) -> str:
    """Return the key for sending again: the same, so that it is one act, or none where that key is spent."""
    return "" if refused.reason in _SPENT else act
