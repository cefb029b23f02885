"""A party's standing becomes another; tokens made from the one before are worthless from the entry on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call, Refused
from services.audit.ledger.domain.entry import NO_STANDING, Receipt, StandingChanged, Subject, SubjectKind
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects import Effected, Entered, as_it_stands, new_act
from services.audit.ledger.release_rule import ReleaseRule
from services.runtime.errors import BeingChanged, KeyReused, NotPermitted

_SUBJECTS = {
    "person": SubjectKind.PERSON,
    "organisation": SubjectKind.ORGANISATION,
    "system": SubjectKind.SYSTEM,
}


@dataclass(frozen=True, kw_only=True)
class ChangeStanding:
    """Replaces the digest of a party's standing."""

    party_kind: str
    party_id: str
    previous_digest: bytes
    """Empty for a new party."""
    digest: bytes
    change: str
    ends_sessions: bool
    name = "change_standing"

    def numbers(self, _: Keyring) -> Iterable[int]:
        """Return nothing: no child is concerned."""
        return ()

    def happen(self, call: Call, batch: Batch, _: ReleaseRule, act_id: bytes) -> Effected:
        """Return the change; raises Refused when the standing before is not the newest, or the party is not of here."""
        if self.party_kind == "service" and self.party_id != batch.keyring.environment:
            raise Refused("NO_SUCH_PARTY", NotPermitted())
        newest = batch.registers.standings.get((self.party_kind, self.party_id), b"")
        # What a restore has lost altogether may be new once more: a system keeps the id of its certificate.
        newest = b"" if newest == NO_STANDING else newest
        if self.previous_digest != newest:
            raise Refused("PREVIOUS_DIGEST", BeingChanged())
        act = new_act(call, batch, act_id, ActState.DONE)
        return Effected(
            act=act,
            about=party_subjects(self.party_kind, self.party_id),
            effect=StandingChanged(
                self.party_kind, self.party_id, self.digest, self.change, self.ends_sessions, replaced_digest=newest
            ),
            answer=partial(as_it_stands, call, batch, act),
        )

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return that it has happened; raises KeyReused if what is asked for now is not what stands.

        A restored identity has forgotten the act and plans it anew, from an older standing: that never happened.
        """
        newest = batch.registers.standings.get((self.party_kind, self.party_id))
        if act.state is ActState.DONE and newest != self.digest:
            raise KeyReused
        return as_it_stands(call, batch, act, receipt)


def party_subjects(kind: str, party: str) -> tuple[Subject, ...]:
    """Return a party as an entry's subjects: none for the whole service."""
    found = _SUBJECTS.get(kind)
    return (Subject(found, party),) if found else ()
