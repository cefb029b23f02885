"""A page of the children of one's own current involvements: one entry names them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.audit.ledger.domain.calls import Call, Refused, child, draft_of, fresh_handle
from services.audit.ledger.domain.entry import OWN_LISTED, Outcome, Receipt
from services.audit.ledger.domain.keyring import Unreadable
from services.audit.ledger.domain.own_involvements import Own, midnight_of
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.errors import PageTokenRefused
from services.audit.ledger.ports import Writer
from services.audit.ledger.release_rule import ReleaseRule
from services.audit.ledger.use_cases.count_own_involvements import OwnCounted, counted
from services.audit.ledger.use_cases.own_work import OwnWork

_PAGE = b"own children"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChild:
    """One own current involvement that may be shown."""

    number: int
    handle: bytes
    involvement: bytes
    last_confirmed_at: datetime
    is_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChildren:
    """One page, and what there is on all of them."""

    receipt: Receipt
    children: tuple[OwnChild, ...]
    next_page_token: bytes
    counted: OwnCounted


@dataclass(frozen=True, kw_only=True)
class EnterOwnChildren:
    """Enters that somebody lists own children."""

    writer: Writer
    rule: ReleaseRule

    def __call__(self, call: Call, due_before: datetime, page_token: bytes) -> OwnChildren:
        """Return a page, once its entry is durable; raises what the release rule refuses with, PageTokenRefused."""
        return self.writer.write(OwnWork(call, lambda batch: self._listed(call, batch, due_before, page_token)))

    def _listed(self, call: Call, batch: Batch, due_before: datetime, page_token: bytes) -> Decision[OwnChildren]:
        every = self.rule.own_involvements(call, batch)
        after = _place_after(call, batch, page_token)
        behind = [one for one in every if one.place > after]
        most = self.rule.children_disclosed(call)
        shown, is_last = behind[:most], len(behind) <= most
        draft = draft_of(
            call,
            batch,
            outcome=Outcome.ALLOWED if shown else Outcome.EMPTY,
            rule=OWN_LISTED,
            about=[child(number) for number in dict.fromkeys(one.number for one in shown)],
        )

        def answer(receipts: tuple[Receipt, ...]) -> OwnChildren:
            token = b"" if is_last else batch.keyring.seal_page(_PAGE + shown[-1].place, call.token.sid or "")
            return OwnChildren(
                receipt=receipts[-1],
                children=tuple(_child(call, batch, one, due_before) for one in shown),
                next_page_token=token,
                counted=counted(every, due_before),
            )

        return Decision(entries=(draft,), answer=answer)


def _child(call: Call, batch: Batch, one: Own, due_before: datetime) -> OwnChild:
    confirmed_at = midnight_of(one.day)
    return OwnChild(
        number=one.number,
        handle=batch.keyring.mint(fresh_handle(call, batch, one.number, by_whole_name=False)),
        involvement=one.involvement,
        last_confirmed_at=confirmed_at,
        is_due=confirmed_at < due_before,
    )


def _place_after(call: Call, batch: Batch, page_token: bytes) -> bytes:
    if not page_token:
        return b""
    try:
        content = batch.keyring.open_page(page_token, call.token.sid or "")
    except Unreadable:
        raise Refused("PAGE_TOKEN_REFUSED", PageTokenRefused()) from None
    if not content.startswith(_PAGE):
        raise Refused("PAGE_TOKEN_REFUSED", PageTokenRefused())
    return content.removeprefix(_PAGE)
