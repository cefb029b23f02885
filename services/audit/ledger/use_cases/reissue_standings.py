"""Parties whose newest standings a restore has lost get other ones, made of what is held; or none, where nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import NO_STANDING, Draft, Outcome, Receipt, StandingChanged
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.effects.change_standing import party_subjects
from services.audit.ledger.errors import LossNotAccepted, NoSuchAct
from services.audit.ledger.ports import Log, Writer
from services.audit.ledger.use_cases.list_standing_changes import name_of
from services.audit.ledger.use_cases.lower_heads import ACCEPTED, LossPart
from services.audit.ledger.use_cases.process_work import ProcessWork
from services.runtime.errors import BeingChanged, NotPermitted

CLOSED = "CLOSED"
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Reissue:
    """What one party gets instead of what was lost."""

    kind: str
    party: str
    first_index: int
    """The entry of its earliest lost change: what stood before that is what the copy holds."""
    last_index: int
    """The entry of its newest change."""
    digest: bytes
    """Empty: the copy holds nothing of the party."""
    is_stop: bool = False
    """Of the service: whether the standing of that digest, as the ledger itself has read, is a stop."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """A party's lost changes, from the log."""

    asked: Reissue
    first: StandingChanged
    last: StandingChanged

    @property
    def digest(self) -> bytes:
        return self.asked.digest or NO_STANDING


@dataclass(frozen=True, kw_only=True)
class ReissueStandings:
    """Gives parties standings anew; which were given stays so, and is not given twice."""

    writer: Writer
    log: Log

    def __call__(self, part: LossPart, asked: tuple[Reissue, ...], *, correlation: str = "") -> Receipt | None:
        """Return the newest entry's receipt, None if all of it had been done before.

        Raises LossNotAccepted unless two custodians accepted exactly this loss (the service's own standing needs
        nobody: without it no custodian gets in; but it comes back stopped, or NotPermitted); NoSuchAct for entries that
        do not say what the part says of them, or after which nobody knows what stood before; BeingChanged if the
        party's standing is another by now.
        """
        if part.own_digest not in part.parts:
            raise LossNotAccepted
        lost = self._lost(part, asked)

        def decide(batch: Batch) -> Decision[Receipt | None]:
            is_accepted = batch.registers.losses.is_accepted(part.lost_digest, part.count)
            if not is_accepted and any(one.asked.kind != SERVICE for one in lost):
                raise LossNotAccepted
            standings = batch.registers.standings
            left = [one for one in lost if standings.get((one.asked.kind, one.asked.party)) != one.digest]
            if any(standings.get((one.asked.kind, one.asked.party)) != one.last.digest for one in left):
                raise BeingChanged
            rule = ACCEPTED if is_accepted else CLOSED
            drafts = tuple(_draft(one, part, batch.keyring, rule, correlation) for one in left)
            return Decision(entries=drafts, answer=lambda receipts: receipts[-1] if receipts else None)

        return self.writer.write(ProcessWork(decide))

    def _lost(self, part: LossPart, asked: tuple[Reissue, ...]) -> tuple[_Lost, ...]:
        named = {index: act_id for act_id, index in part.acts}
        wanted = {index for one in asked for index in (one.first_index, one.last_index)}
        if not wanted <= named.keys() or len({(one.kind, one.party) for one in asked}) != len(asked):
            raise NoSuchAct
        said = self._said({index: named[index] for index in wanted})
        lost = tuple(_Lost(one, said[one.first_index], said[one.last_index]) for one in asked)
        for one in lost:
            party = (one.asked.kind, one.asked.party)
            parties = {(entry.party_kind, entry.party_id) for entry in (one.first, one.last)}
            stood = one.first.replaced_digest
            # Only what the log knows to have stood is built on, and it never stands again itself; no service ends so.
            is_built = stood not in (b"", one.asked.digest) if one.asked.digest else one.asked.kind != SERVICE
            if parties != {party} or not is_built:
                raise NoSuchAct
            if one.asked.kind == SERVICE and not one.asked.is_stop:
                # Whoever has identity's certificate stops the service, and never lets it go on.
                raise NotPermitted
        return lost

    def _said(self, wanted: Mapping[int, bytes]) -> Mapping[int, StandingChanged]:
        """Return what the entries say of standings; raises NoSuchAct if one is not of the act, or says nothing."""
        keyring, said = self.writer.published().keyring, {}
        for stored in self.log.entries_at(sorted(wanted)):
            _, body = keyring.open_body(stored.index, stored.sealed)
            draft = entry_format.decode(body).draft
            if isinstance(draft.effect, StandingChanged) and name_of(draft, stored) == wanted[stored.index]:
                said[stored.index] = draft.effect
        if said.keys() != wanted.keys():
            raise NoSuchAct
        return said


def _draft(one: _Lost, part: LossPart, keyring: Keyring, rule: str, correlation: str) -> Draft:
    asked = one.asked
    return Draft(
        act="standing.reissued",
        outcome=Outcome.ALLOWED,
        rule=rule,
        about=party_subjects(asked.kind, asked.party),
        # A name of its own: should this be lost one day too, it is one of the changes of that loss.
        act_id=keyring.act_id(asked.party, "ReissueStandings", part.lost_digest.hex()),
        correlation=correlation,
        effect=StandingChanged(
            asked.kind,
            asked.party,
            one.digest,
            "REISSUED" if asked.digest else "VOIDED",
            ends_sessions=asked.kind == "person",
            replaced_digest=one.last.digest,
            held_digest=one.first.replaced_digest if asked.digest else b"",
            lost_digest=part.lost_digest,
        ),
    )
