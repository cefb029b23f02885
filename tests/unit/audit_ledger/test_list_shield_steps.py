"""What entries say of shields: requests and closings, not readings, looks, or children who were created limited."""

from __future__ import annotations

from services.audit.ledger.effects.note import Note
from services.audit.ledger.use_cases.list_shield_steps import ListShieldSteps
from tests.fakes.audit_ledger import Ledger, Person, candidate

SHIELDING = "shielding:ShieldingService/"


def test_steps_are_listed_with_what_they_did_and_name_no_child(ledger: Ledger, nurse: Person) -> None:
    listing = ListShieldSteps(writer=ledger.writer, log=ledger.log)
    number = ledger.create(nurse).number
    start = listing(0).size
    officer = ledger.somebody("ROLE_SHIELD_OFFICER")
    handle = ledger.search(nurse, [candidate(number)]).slots[0].handle
    ledger.look(nurse, handle)
    asked = ledger.enter(nurse, Note(handle=handle, number=0), method=f"{SHIELDING}RequestShield")
    ledger.enter(officer, Note(handle=b"", number=0), method=f"{SHIELDING}ListShieldCases")
    closed = ledger.close(ledger.somebody("ROLE_PROTECTION_PRACTITIONER"), number=number)
    found = listing(start)
    assert [(one.act_id, one.index, one.closes) for one in found.steps] == [
        (asked.act_id, asked.receipt.index, False),
        (closed.act_id, closed.receipt.index, True),
    ]
    assert str(number) not in repr(found)
    assert found.next_index == found.size
    assert listing(found.size).steps == ()
