"""Work under a person's token that names no act and reads no key row: what it needs the leader knows by heart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.calls import Call, entering_refusals
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision

T = TypeVar("T")


@dataclass(frozen=True)
class OwnWork(Generic[T]):
    """One call in its turn; a refusal is entered."""

    call: Call
    decision: Callable[[Batch], Decision[T]]

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        """Return nothing."""
        return ()

    def numbers(self, _: Keyring, __: Mapping[bytes, Act]) -> Iterable[int]:
        """Return nothing: no statement says whose children are asked for."""
        return ()

    def decide(self, batch: Batch) -> Decision[T]:
        """Return what happens."""
        return entering_refusals(self.call, batch, lambda: self.decision(batch))
