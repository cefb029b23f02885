"""One's own entries, with the child's number where an entry is about exactly one; the reading is an entry itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import OWN_LISTED, Entry, Outcome, Receipt, SearchEntered, SubjectKind
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.ports import Log, Writer
from services.audit.ledger.release_rule import MOST_SHOWN, ReleaseRule
from services.audit.ledger.use_cases.subject_reading import AskedPage, SubjectReading


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """One entry's stored bytes; number 0 where it is not about exactly one child, was a list, or was refused."""

    body: bytes
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReading:
    """One page."""

    receipt: Receipt
    entries: tuple[OwnEntry, ...]
    next_page_token: bytes


@dataclass(frozen=True, kw_only=True)
class ReadOwnEntries:
    """Reads the caller's own entries, and those that a mediator made for the caller."""

    writer: Writer
    rule: ReleaseRule
    log: Log

    def __call__(self, call: Call, page_size: int, page_token: bytes) -> OwnReading:
        """Return a page, newest first; raises what the release rule refuses with, PageTokenRefused."""
        asked = AskedPage(subject="own", handle=b"", page_size=page_size or MOST_SHOWN, page_token=page_token)
        asked = replace(asked, page_size=min(asked.page_size, MOST_SHOWN))
        reading = SubjectReading(call=call, asked=asked, rule=self.rule, log=self.log)
        plan = self.writer.write(reading.work())
        keyring = self.writer.published().keyring
        found, below = reading.page(plan, keyring)
        return OwnReading(
            receipt=plan.receipt,
            entries=tuple(OwnEntry(one.body, _number(keyring, one.entry)) for one in found),
            next_page_token=reading.next_token(plan, keyring, below, plan.total or 0),
        )


def _number(keyring: Keyring, entry: Entry) -> int:
    # What was refused, or shown in a row only, told the person no number; so neither does this.
    if entry.draft.outcome is not Outcome.ALLOWED or isinstance(entry.draft.effect, SearchEntered):
        return 0
    if entry.draft.rule == OWN_LISTED:
        return 0
    children = [subject for subject in entry.subjects if subject.kind is SubjectKind.CHILD]
    return keyring.open_number(children[0].sealed_number) if len(children) == 1 else 0
