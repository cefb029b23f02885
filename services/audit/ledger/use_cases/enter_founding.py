"""The first organisation and the first administrator: once in the life of a log."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Refused
from services.audit.ledger.domain.entry import Draft, Outcome, Receipt, StandingChanged
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.effects.change_standing import party_subjects
from services.audit.ledger.errors import AlreadyFounded
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork, digest_of, refused
from services.runtime.errors import NotPermitted

_NEEDED = {"service", "organisation", "person"}
_MAY_BE = {*_NEEDED, "system"}
"""The system is that through which the first administrator calls."""


@dataclass(frozen=True, slots=True)
class FirstParty:
    """One first standing."""

    kind: str
    party: str
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class EnterFounding:
    """Enters the first parties."""

    writer: Writer

    def __call__(self, parties: tuple[FirstParty, ...], *, correlation: str = "") -> Receipt:
        """Return the receipt of the last party's entry; the same founding again gets it again.

        Raises AlreadyFounded for another one, NotPermitted for parties that are not service, organisation, person and
        at most one system.
        """
        asked = digest_of(*(part for one in parties for part in (one.kind, one.party, one.digest)))

        def decide(batch: Batch) -> Decision[Receipt]:
            name = _act_id(batch.keyring)
            known = batch.acts.get(name)
            if known is not None and known.request_digest == asked:
                return Decision(answer=lambda _: Receipt(known.index, known.leaf))
            drafts = tuple(
                Draft(
                    act="service.founded",
                    outcome=Outcome.ALLOWED,
                    rule="ENTERED",
                    about=party_subjects(one.kind, one.party),
                    act_id=name,
                    correlation=correlation,
                    effect=StandingChanged(one.kind, one.party, one.digest, "FOUNDED"),
                )
                for one in parties
            )
            if known is not None or batch.registers.standings:
                return refused(drafts[-1], Refused("ALREADY_FOUNDED", AlreadyFounded()))
            services = [one.party for one in parties if one.kind == "service"]
            kinds = {one.kind for one in parties}
            if not _NEEDED <= kinds <= _MAY_BE or len(kinds) != len(parties) or services != [batch.keyring.environment]:
                return refused(drafts[-1], Refused("NO_SUCH_PARTY", NotPermitted()))
            act = Act(act_id=name, request_digest=asked, state=ActState.DONE, index=0, leaf=b"", at=batch.now)
            return Decision(entries=drafts, acts=(act,), answer=lambda receipts: receipts[-1])

        return self.writer.write(ProcessWork(decide, _act_id))


def _act_id(keyring: Keyring) -> bytes:
    return keyring.act_id("", "EnterFounding", "")
