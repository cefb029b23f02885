"""What reading entries about one subject is made of: the entry that says so, then pages, newest first."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from services.audit.ledger import entry_format
from services.audit.ledger.domain.calls import Call, Refused, child, draft_of, entering_refusals
from services.audit.ledger.domain.entry import Entry, Outcome, Receipt, SubjectKind
from services.audit.ledger.domain.keyring import Keyring, Unreadable
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.errors import PageTokenRefused
from services.audit.ledger.ports import Log
from services.audit.ledger.release_rule import ReleaseRule
from services.audit.ledger.use_cases.process_work import ProcessWork

MOST_BYTES = 180_000
"""An answer has at most 256 KiB."""
_CHUNK = 200
_PROOF_BYTES = 1000
_PAGE = struct.Struct(">B32sII")


@dataclass(frozen=True, kw_only=True)
class AskedPage:
    """A page about a "child" (by handle), of one's "own" entries, or of those of one's "organisation"."""

    subject: str
    handle: bytes
    page_size: int
    page_token: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What may be read, once the entry of the reading is durable."""

    receipt: Receipt
    kind: SubjectKind
    keyed: bytes
    below: int
    """Entries up to this counter, newest first."""
    total: int | None
    """None: on the first page of a list that is only partly readable, it must be counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """One entry, opened."""

    counter: int
    entry: Entry
    body: bytes
    salt: bytes


@dataclass(frozen=True, kw_only=True)
class SubjectReading:
    """One reading by one caller."""

    call: Call
    asked: AskedPage
    rule: ReleaseRule
    log: Log

    def work(self) -> ProcessWork[Plan]:
        """Return the work that enters the reading."""
        return ProcessWork(self._decide)

    def page(self, plan: Plan, keyring: Keyring) -> tuple[list[Found], int]:
        """Return the next readable entries and the counter from which the page after goes on, 0 if none is left."""
        page: list[Found] = []
        size = 0
        for found in self._readable(plan, keyring, plan.below, min(_CHUNK, self.asked.page_size + 1)):
            if len(page) == self.asked.page_size or size > MOST_BYTES:
                return page, found.counter
            page.append(found)
            size += len(found.body) + _PROOF_BYTES
        return page, 0

    def count(self, plan: Plan, keyring: Keyring, below: int) -> int:
        """Return how many readable entries there are from a counter downwards."""
        return sum(1 for _ in self._readable(plan, keyring, below, _CHUNK))

    def next_token(self, plan: Plan, keyring: Keyring, below: int, total: int) -> bytes:
        """Return the token of the page after, empty if there is none; it fixes what the list covers."""
        if not below:
            return b""
        return keyring.seal_page(_PAGE.pack(plan.kind, plan.keyed, below, total), self.call.token.sid or "")

    def _decide(self, batch: Batch) -> Decision[Plan]:
        call, asked = self.call, self.asked
        handle = batch.keyring.open_handle(asked.handle) if asked.subject == "child" else None
        named = handle.named if handle else 0

        def decide() -> Decision[Plan]:
            self.rule.may_read(call, batch, asked.subject, handle)
            kind, name = {
                "child": (SubjectKind.CHILD, str(named)),
                "own": (SubjectKind.PERSON, call.token.sub or ""),
                "organisation": (SubjectKind.ORGANISATION, call.token.org),
            }[asked.subject]
            keyed = batch.keyring.keyed_subject(kind, name)
            below, total = self._bounds(batch, kind, keyed)
            about = (child(named),) if asked.subject == "child" else ()
            draft = draft_of(call, batch, outcome=Outcome.ALLOWED, rule="READ", about=about)
            return Decision(
                entries=(draft,),
                answer=lambda receipts: Plan(receipt=receipts[-1], kind=kind, keyed=keyed, below=below, total=total),
            )

        return entering_refusals(call, batch, decide)

    def _bounds(self, batch: Batch, kind: SubjectKind, keyed: bytes) -> tuple[int, int | None]:
        if not self.asked.page_token:
            newest = batch.registers.count_of(keyed)
            is_partial = self.asked.subject == "child" and not self.rule.reads_everything(self.call)
            return newest, None if is_partial else newest
        try:
            content = batch.keyring.open_page(self.asked.page_token, self.call.token.sid or "")
        except Unreadable:
            raise Refused("PAGE_TOKEN_REFUSED", PageTokenRefused()) from None
        # A token of the list of own children is sealed alike, and is of another size.
        found_kind, found_keyed, below, total = _PAGE.unpack(content) if len(content) == _PAGE.size else (0, b"", 0, 0)
        if (found_kind, found_keyed) != (kind, keyed):
            raise Refused("PAGE_TOKEN_REFUSED", PageTokenRefused())
        return below, total

    def _readable(self, plan: Plan, keyring: Keyring, below: int, at_once: int) -> Iterator[Found]:
        """Yield the entries about the subject that the caller may read, newest first, from counter `below` down."""
        while below > 0:
            counters = range(below, max(0, below - at_once), -1)
            tags = [keyring.tag(plan.kind, plan.keyed, counter) for counter in counters]
            chunk = []
            for stored in self.log.find(tags):
                salt, body = keyring.open_body(stored.index, stored.sealed)
                entry = entry_format.decode(body)
                counter = next(one.counter for one in entry.subjects if one.keyed == plan.keyed)
                chunk.append(Found(counter, entry, body, salt))
            for found in sorted(chunk, key=lambda one: -one.counter):
                if self.rule.is_readable(self.call, self.asked.subject, found.entry):
                    yield found
            below -= at_once
