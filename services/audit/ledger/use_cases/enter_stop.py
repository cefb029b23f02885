"""The operator stops the whole service: its standing becomes a stopped one, so no token of before is good any more."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Refused
from services.audit.ledger.domain.entry import Draft, Outcome, Receipt, StandingChanged
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork, digest_of, refused
from services.runtime.errors import BeingChanged, KeyReused, NotPermitted


@dataclass(frozen=True, kw_only=True)
class Stop:
    """A stop of the service, as its new standing says."""

    idempotency_key: str
    environment: str
    is_stop: bool
    """Whether that standing is stopped, and no custodian's word that it goes on is in it yet."""
    previous_digest: bytes
    digest: bytes
    change: str
    """Such as "STOPPED_SUSPECTED_BREACH"."""


@dataclass(frozen=True, kw_only=True)
class EnterStop:
    """Enters stops, which no person's token makes; so it takes nothing but a stop."""

    writer: Writer

    def __call__(self, stop: Stop, *, correlation: str = "") -> Receipt:
        """Return the entry's receipt, in a retry the first one's; raises BeingChanged, KeyReused, NotPermitted."""
        asked = digest_of(stop.previous_digest, stop.digest, stop.change)

        def act_id(keyring: Keyring) -> bytes:
            return keyring.act_id("", "EnterStop", stop.idempotency_key)

        def decide(batch: Batch) -> Decision[Receipt]:
            name = act_id(batch.keyring)
            known = batch.acts.get(name)
            if known is not None:
                if known.request_digest != asked:
                    raise KeyReused
                return Decision(answer=lambda _: Receipt(known.index, known.leaf))
            draft = Draft(
                act="service.stopped",
                outcome=Outcome.ALLOWED,
                rule="ENTERED",
                act_id=name,
                correlation=correlation,
                effect=StandingChanged(
                    "service", stop.environment, stop.digest, stop.change, replaced_digest=stop.previous_digest
                ),
            )
            if not stop.is_stop:
                return refused(draft, Refused("NOT_A_STOP", NotPermitted()))
            if stop.environment != batch.keyring.environment:
                return refused(draft, Refused("NO_SUCH_PARTY", NotPermitted()))
            if batch.registers.standings.get(("service", stop.environment)) != stop.previous_digest:
                return refused(draft, Refused("PREVIOUS_DIGEST", BeingChanged()))
            act = Act(act_id=name, request_digest=asked, state=ActState.DONE, index=0, leaf=b"", at=batch.now)
            return Decision(entries=(draft,), acts=(act,), answer=lambda receipts: receipts[-1])

        return self.writer.write(ProcessWork(decide, act_id, goes_on_in_a_gap=True))
