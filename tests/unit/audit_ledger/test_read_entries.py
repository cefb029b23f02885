"""Who looked: complete, with proofs that lead to the checkpoint, and itself an entry."""

from __future__ import annotations

import uuid

import pytest

from services.audit.ledger import checkpoint, entry_format
from services.audit.ledger.domain.entry import Entry, Section
from services.audit.ledger.domain.keyring import leaf_of
from services.audit.ledger.domain.tree import leaf_hash, node_hash
from services.audit.ledger.errors import PageTokenRefused
from services.audit.ledger.use_cases.read_entries import ProvenEntry, ReadEntries, Reading
from services.audit.ledger.use_cases.subject_reading import AskedPage
from services.runtime.errors import NotAuthenticated, NotFound, NotPermitted
from tests.fakes.audit_ledger import ENVIRONMENT, Ledger, Person
from tests.unit.audit_ledger.conftest import last_entry


def read(
    ledger: Ledger,
    who: Person,
    *,
    handle: bytes = b"",
    page_size: int = 0,
    page_token: bytes = b"",
    method: str = "",
) -> Reading:
    name = method or ("WhoLookedAt" if handle else "ListEntries")
    asked = AskedPage(
        subject="child" if handle else "organisation", handle=handle, page_size=page_size, page_token=page_token
    )
    call = ledger.call(who, f"audit.review:ReviewService/{name}", "ReadEntries")
    return ReadEntries(writer=ledger.writer, rule=ledger.rule, log=ledger.log)(call, asked)


def entries(reading: Reading) -> list[Entry]:
    return [entry_format.decode(one.body) for one in reading.entries]


def auditor_with_handle(ledger: Ledger, number: int, role: str = "ROLE_AUDITOR", **said: str) -> tuple[Person, bytes]:
    who = ledger.somebody(role, **said)
    seen = ledger.look(
        who,
        number=number,
        has_whole_name=True,
        method="IdentifyChild",
        section=Section.IDENTITY,
    )
    return who, seen.handle


def leads_to_root(one: ProvenEntry, size: int) -> bytes:
    """Return the root that an outsider computes (RFC 9162, 2.1.3.2)."""
    node, first, last = leaf_hash(leaf_of(one.salt, one.body)), one.index, size - 1
    for sibling in one.proof:
        if first % 2 or first == last:
            node = node_hash(sibling, node)
            while not first % 2 and first:
                first, last = first // 2, last // 2
        else:
            node = node_hash(node, sibling)
        first, last = first // 2, last // 2
    assert last == 0
    return node


@pytest.mark.promise("A3")
def test_every_look_is_there_newest_first_with_its_proof(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    people = (nurse, ledger.somebody())
    looks = [ledger.look(who, number=number).receipt.index for who in people for _ in range(150)]
    auditor, handle = auditor_with_handle(ledger, number)
    page = read(ledger, auditor, handle=handle, page_size=200)
    found = [one.index for one in page.entries]
    size, root = checkpoint.read(
        page.checkpoint,
        checkpoint.origin_of(ENVIRONMENT),
        ledger.writer.published().keyring.checkpoint_key.public_key(),
    )
    assert {leads_to_root(one, size) for one in page.entries} == {root}
    # The creation's entry, and the auditor's own identification, besides.
    assert page.total == 302
    while page.next_page_token:
        page = read(ledger, auditor, handle=handle, page_size=200, page_token=page.next_page_token)
        found += [one.index for one in page.entries]
        assert page.total == 302
    assert found == sorted(found, reverse=True)
    assert set(looks) <= set(found)
    assert len(found) == 302
    assert (last_entry(ledger).draft.rule, last_entry(ledger).draft.act[-11:]) == ("READ", "WhoLookedAt")


def test_refused_looks_are_there_too(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    elsewhere = ledger.somebody("ROLE_SHIELD_OFFICER", area="E09000033")
    with pytest.raises(NotPermitted):
        ledger.look(elsewhere, number=number)
    auditor, handle = auditor_with_handle(ledger, number)
    assert "OUT_OF_AREA" in {one.draft.rule for one in entries(read(ledger, auditor, handle=handle))}


def test_an_auditor_reads_the_own_organisation_and_a_central_one_all(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    ledger.look(nurse, number=number)
    organisation = str(uuid.uuid4())
    ledger.add("organisation", organisation)
    local, handle = auditor_with_handle(ledger, number, organisation=organisation)
    own = read(ledger, local, handle=handle)
    assert {one.draft.organisation for one in entries(own)} == {organisation}
    assert own.total == len(own.entries) == 1
    central, handle = auditor_with_handle(ledger, number, "ROLE_CENTRAL_AUDITOR", organisation=organisation)
    everything = read(ledger, central, handle=handle)
    assert {one.draft.organisation for one in entries(everything)} == {organisation, nurse.organisation}
    assert everything.total == len(everything.entries)


def test_an_organisations_entries(ledger: Ledger, nurse: Person) -> None:
    ledger.search(nurse)
    auditor = ledger.somebody("ROLE_AUDITOR")
    found = entries(read(ledger, auditor, page_size=3))
    assert len(found) == 3
    assert {one.draft.organisation for one in found} == {nurse.organisation}


def test_a_child_needs_a_handle_of_this_session(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    auditor, handle = auditor_with_handle(ledger, number)
    other = ledger.somebody("ROLE_AUDITOR")
    for who, name in ((other, handle), (auditor, bytes(64)), (auditor, ledger.search(nurse).search_handle)):
        with pytest.raises(NotFound):
            read(ledger, who, handle=name)


def test_a_method_reads_its_own_subject_only(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    auditor, handle = auditor_with_handle(ledger, number)
    with pytest.raises(NotPermitted):
        read(ledger, auditor, handle=handle, method="ListEntries")
    with pytest.raises(NotPermitted):
        read(ledger, nurse, handle=handle)
    with pytest.raises(NotAuthenticated):
        read(ledger, Person(auditor.person, auditor.organisation, str(uuid.uuid4()), auditor.role), handle=handle)


def test_a_page_token_is_of_its_session_and_list(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    ledger.look(nurse, number=number)
    auditor, handle = auditor_with_handle(ledger, number)
    token = read(ledger, auditor, handle=handle, page_size=1).next_page_token
    assert token
    other, others = auditor_with_handle(ledger, number)
    for who, name, forged in ((other, others, token), (auditor, b"", token), (auditor, handle, token[:-1] + b"x")):
        with pytest.raises(PageTokenRefused):
            read(ledger, who, handle=name, page_token=forged)
