"""A mediator's session looks for a named colleague from now on, or for nobody any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call, Refused
from services.audit.ledger.domain.entry import MediationChanged, Receipt, Subject, SubjectKind
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, as_it_stands, new_act
from services.audit.ledger.release_rule import MEDIATED_FOR, MEDIATOR, ReleaseRule
from services.runtime.errors import NotPermitted, StandingChanged


@dataclass(frozen=True, kw_only=True)
class Mediate:
    """Sets for whom the session looks; from here on nobody but another such act can change it."""

    beneficiary: str
    """Empty: for nobody."""
    organisation: str
    beneficiary_digest: bytes
    organisation_digest: bytes
    until: datetime
    name = "mediate"

    def numbers(self, _: Keyring) -> Iterable[int]:
        """Return nothing: no child is concerned."""
        return ()

    def happen(self, call: Call, batch: Batch, _: ReleaseRule, act_id: bytes) -> Effected:
        """Return the change; raises Refused unless it is another person, whose standing is the newest, for minutes."""
        if self.beneficiary:
            self._check(call, batch)
        act = new_act(call, batch, act_id, ActState.DONE)
        about = (Subject(SubjectKind.PERSON, self.beneficiary),) if self.beneficiary else ()
        return Effected(
            act=act,
            about=about,
            effect=MediationChanged(self.beneficiary, self.organisation, self.until),
            answer=partial(as_it_stands, call, batch, act),
        )

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return that it has happened."""
        return as_it_stands(call, batch, act, receipt)

    def _check(self, call: Call, batch: Batch) -> None:
        if call.token.rol != MEDIATOR or self.beneficiary == call.token.sub:
            raise Refused("BENEFICIARY_NOT_ALLOWED", NotPermitted())
        if not batch.now < self.until <= batch.now + MEDIATED_FOR:
            raise Refused("MEDIATION_TOO_LONG", NotPermitted())
        standings = batch.registers.standings
        if standings.get(("person", self.beneficiary)) != self.beneficiary_digest:
            raise Refused("STANDING_CHANGED", StandingChanged())
        if standings.get(("organisation", self.organisation)) != self.organisation_digest:
            raise Refused("STANDING_CHANGED", StandingChanged())
