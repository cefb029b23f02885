"""Work without a person: what is the same in acts that a process asks for by its certificate alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.calls import Refused, never
from services.audit.ledger.domain.entry import Draft, Outcome
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision

T = TypeVar("T")


@dataclass(frozen=True)
class ProcessWork(Generic[T]):
    """One piece of work that concerns no child."""

    decision: Callable[[Batch], Decision[T]]
    act_id: Callable[[Keyring], bytes] | None = None
    goes_on_in_a_gap: bool = False
    """Nothing is disclosed or admitted by it, or the gap cannot end without it."""

    def act_ids(self, keyring: Keyring) -> Iterable[bytes]:
        """Return the act's own name, where it has one."""
        return () if self.act_id is None else (self.act_id(keyring),)

    def numbers(self, _: Keyring, __: Mapping[bytes, Act]) -> Iterable[int]:
        """Return nothing."""
        return ()

    def decide(self, batch: Batch) -> Decision[T]:
        """Return what happens."""
        return self.decision(batch)


def refused(draft: Draft, refusal: Refused) -> Decision[T]:
    """Return the decision that enters a refusal, then raises it; `draft` is the entry as it would have been."""
    return Decision(entries=(as_refused(draft, refusal.rule),), refusal=refusal.error, answer=never)


def as_refused(draft: Draft, rule: str) -> Draft:
    """Return the entry of the same act, refused and without its effect."""
    return Draft(
        act=draft.act,
        outcome=Outcome.REFUSED,
        rule=rule,
        about=draft.about,
        act_id=draft.act_id,
        person=draft.person,
        organisation=draft.organisation,
        session_tag=draft.session_tag,
        amr=draft.amr,
        channel=draft.channel,
        correlation=draft.correlation,
    )


def digest_of(*parts: bytes | str) -> str:
    """Return a digest by which two requests of a process are told apart: hex SHA-256 over framed parts."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(4, "big") + content)
    return digest.hexdigest()
