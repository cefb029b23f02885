"""One look at one child, for a reason: the entry, then the keys of one section."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.calls import Call, child, draft_of, entering_refusals, fresh_handle
from services.audit.ledger.domain.entry import Outcome, Receipt, Section
from services.audit.ledger.domain.handle import Handle
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.release_rule import Look, ReleaseRule, Version

_MOST_OWN = 12
"""As many as one organisation has with a child at a time."""


@dataclass(frozen=True, kw_only=True)
class AskedLook:
    """What a look says of itself: by handle, or by a number that the directory found to agree (0: none did)."""

    handle: bytes | None
    number: int
    has_whole_name: bool
    section: Section
    reason_code: str
    reason_text: str


@dataclass(frozen=True, slots=True)
class ReleasedKey:
    """One key, and what it opens."""

    version: Version
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the entry allows; without a child, there is none for this caller."""

    receipt: Receipt
    number: int = 0
    is_limited: bool = False
    keys: tuple[ReleasedKey, ...] = ()
    handle: bytes = b""
    own_involvements: tuple[bytes, ...] = ()
    """The caller's own current ones with the child."""


@dataclass(frozen=True, kw_only=True)
class EnterLook:
    """Enters looks."""

    writer: Writer
    rule: ReleaseRule

    def __call__(self, call: Call, asked: AskedLook) -> Looked:
        """Return what the entry allows, once it is durable; raises what the release rule refuses with."""
        return self.writer.write(_Work(call, asked, self.rule))


@dataclass(frozen=True)
class _Work:
    call: Call
    asked: AskedLook
    rule: ReleaseRule

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        return ()

    def numbers(self, keyring: Keyring, _: Mapping[bytes, Act]) -> Iterable[int]:
        handle = self._handle(keyring)
        # Read whatever it is: a look that finds nothing takes as long.
        return (handle.named if handle else self.asked.number,)

    def decide(self, batch: Batch) -> Decision[Looked]:
        return entering_refusals(
            self.call,
            batch,
            lambda: self._released(batch),
            nothing=lambda receipts: Looked(receipt=receipts[-1]),
            reason_code=self.asked.reason_code,
            reason_text=self.asked.reason_text,
        )

    def _released(self, batch: Batch) -> Decision[Looked]:
        keyring, asked = batch.keyring, self.asked
        look = Look(
            handle=self._handle(keyring) if asked.handle is not None else None,
            number=asked.number,
            has_whole_name=asked.has_whole_name,
            section=asked.section,
        )
        found = self.rule.release(self.call, batch, look)
        row = found.row
        own = batch.registers.own.with_child(keyring.own_tag(self.call.token.sub or ""), row.number)
        draft = draft_of(
            self.call,
            batch,
            outcome=Outcome.ALLOWED,
            rule=found.rule,
            about=(child(row.number),),
            sections=found.sections,
            reason_code=asked.reason_code,
            reason_text=asked.reason_text,
        )

        def answer(receipts: tuple[Receipt, ...]) -> Looked:
            return Looked(
                receipt=receipts[-1],
                number=row.number,
                is_limited=row.is_limited,
                keys=tuple(
                    ReleasedKey(
                        one, keyring.section_key(row, one.section, one.source, one.number) if one.number else b""
                    )
                    for one in found.versions
                ),
                handle=keyring.mint(fresh_handle(self.call, batch, row.number, by_whole_name=found.by_whole_name)),
                own_involvements=() if row.is_limited else tuple(own[:_MOST_OWN]),
            )

        return Decision(entries=(draft,), answer=answer)

    def _handle(self, keyring: Keyring) -> Handle | None:
        return None if self.asked.handle is None else keyring.open_handle(self.asked.handle)
