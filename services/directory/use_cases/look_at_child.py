"""What every look at one child has in common: the entry, then the row, and one answer for whatever is not there."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.claims import ChildClaim, Handle
from services.directory.domain.reasons import Reason
from services.directory.domain.statements import Section, Statement
from services.directory.ports import Children, Ledger, Look, Records
from services.runtime.errors import InvalidRequest, NotFound


@dataclass(frozen=True, kw_only=True)
class LookAtChild:
    """Enters a look and reads what its keys open."""

    ledger: Ledger
    records: Records
    children: Children

    def __call__(self, claim: ChildClaim, reason: Reason, section: Section) -> tuple[Look, tuple[Statement, ...]]:
        """Return the look and the statements it opened.

        Raises NotFound alike for a number that does not agree, a handle that is old or another's, and a child that is
        not there for this caller; each has its entry in the log, and costs the same. Raises BeingChanged when somebody
        wrote between the entry and the reading: the look is entered, and the person asks again.
        """
        if not reason.is_enough:
            raise InvalidRequest([("reason.text", "AT_LEAST_TEN_CHARACTERS")])
        # Taken before the keys are: a row that is written after it may be newer than they are.
        moment = self.records.moment()
        look = self._entered(claim, reason, section)
        # Read even where nothing was found, so that both answers take as long.
        statements = self.records.read(look.number, look.keys, since=moment)
        if not look.is_found:
            raise NotFound
        return look, statements

    def _entered(self, claim: ChildClaim, reason: Reason, section: Section) -> Look:
        if isinstance(claim, Handle):
            return self.ledger.enter_look(claim.value, reason, section)
        agrees = self.children.number_agrees(claim.number, claim.surname, claim.date_of_birth)
        number = claim.number if agrees else 0
        return self.ledger.enter_look_by_number(number, reason, section, whole_current_name=False)
