"""Acts: the same in every retry, and each effect in its own words."""

from __future__ import annotations

import dataclasses
import uuid

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.domain.entry import ChildLimited, Section
from services.audit.ledger.domain.key_row import State
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.effects.create_child import CreateChild
from services.audit.ledger.effects.end_sessions import EndSessions
from services.audit.ledger.effects.note import Note
from services.audit.ledger.errors import SearchNeeded
from services.audit.ledger.release_rule import WHOLE_NAME
from services.runtime.errors import BeingChanged, KeyReused, NotAuthenticated, NotFound, NotPermitted, StandingChanged
from tests.fakes.audit_ledger import AREA, SOURCE, Ledger, MemoryStore, Person, candidate
from tests.unit.audit_ledger.conftest import entries_of, last_entry

CREATE = "directory:DirectoryService/CreateChild"
ELSEWHERE = uuid.UUID(int=8)


def row_of(ledger: Ledger, number: int) -> State:
    assert isinstance(ledger.store, MemoryStore)
    keyring = ledger.writer.published().keyring
    tag = keyring.child_tag(number)
    return keyring.open_row(tag, ledger.store.kept.children[tag]).state


def creation(ledger: Ledger, search_handle: bytes, **changed: object) -> CreateChild:
    said = {
        "search_handle": search_handle,
        "criteria_digest": b"c" * 32,
        "candidates": (),
        "source": SOURCE,
        "sections": (Section.IDENTITY,),
        "authority": AREA,
        **changed,
    }
    return CreateChild(**said)  # type: ignore[arg-type]  # as named


# --- retries ---


def test_a_retry_has_the_same_receipt_keys_and_number(ledger: Ledger, nurse: Person) -> None:
    handle = ledger.create(nurse).handle
    key = str(uuid.uuid4())
    call = ledger.call(nurse, "directory:DirectoryService/StartInvolvement", "Enter")
    first = ledger.write(nurse, handle, key=key, call=call)
    before = len(entries_of(ledger))
    # The same press with the same token, and a second press: another token on the same bytes.
    again = dataclasses.replace(call, token=dataclasses.replace(call.token, jti=str(uuid.uuid4())))
    for retry in (call, again):
        second = ledger.write(nurse, handle, key=key, call=retry)
        assert dataclasses.replace(second, handle=first.handle) == first
    assert len(entries_of(ledger)) == before
    ledger.settle(first.act_id)
    third = ledger.write(nurse, handle, key=key, call=again)
    assert (third.receipt, third.state, third.pending_keys) == (first.receipt, ActState.DONE, ())


def test_the_same_key_with_other_bytes_is_refused(ledger: Ledger, nurse: Person) -> None:
    handle, key = ledger.create(nurse).handle, str(uuid.uuid4())
    ledger.write(nurse, handle, key=key)
    with pytest.raises(KeyReused):
        ledger.write(nurse, handle, key=key)


def test_another_persons_key_is_another_act(ledger: Ledger, nurse: Person) -> None:
    key, other = str(uuid.uuid4()), ledger.somebody()
    first = ledger.enter(nurse, Note(handle=b"", number=0), method="shielding:ShieldingService/RequestShield", key=key)
    second = ledger.enter(other, Note(handle=b"", number=0), method="shielding:ShieldingService/RequestShield", key=key)
    assert first.act_id != second.act_id


# --- statements ---


def test_a_second_act_on_a_pending_statement_waits_and_may_come_again(ledger: Ledger, nurse: Person) -> None:
    handle = ledger.create(nurse).handle
    first = ledger.write(nurse, handle)
    key = str(uuid.uuid4())
    call = ledger.call(nurse, "directory:DirectoryService/StartInvolvement", "Enter")
    with pytest.raises(BeingChanged):
        ledger.write(nurse, handle, key=key, call=call)
    colleague, theirs = _elsewhere(ledger, first.number)
    assert ledger.write(colleague, theirs, source=ELSEWHERE.bytes).state is ActState.PENDING
    ledger.settle(first.act_id)
    assert ledger.write(nurse, handle, key=key, call=call).pending_keys[0].version.number == 3


def test_head_and_pending_keys(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)
    colleague, theirs = _elsewhere(ledger, entered.number)
    new = ledger.write(colleague, theirs, source=ELSEWHERE.bytes)
    assert [(one.version.number, one.key) for one in new.head_keys] == [(0, b"")]
    old = ledger.write(nurse, entered.handle)
    services = next(one for one in entered.pending_keys if one.version.section is Section.SERVICES)
    assert old.head_keys == (services,)


@pytest.mark.parametrize("section", Section)
def test_only_the_own_organisations_statement_is_written_and_its_keys_given(
    ledger: Ledger, nurse: Person, section: Section
) -> None:
    entered = ledger.create(nurse)
    colleague, theirs = _elsewhere(ledger, entered.number)
    with pytest.raises(NotPermitted):
        ledger.write(colleague, theirs, section=section, source=SOURCE)
    if section is not Section.SERVICES:
        with pytest.raises(NotPermitted):
            ledger.write(nurse, entered.handle, section=section)


def _elsewhere(ledger: Ledger, number: int) -> tuple[Person, bytes]:
    """Return somebody of another organisation, with a handle for the child."""
    if ("organisation", str(ELSEWHERE)) not in ledger.standings:
        ledger.add("organisation", str(ELSEWHERE))
    colleague = ledger.somebody(organisation=str(ELSEWHERE))
    return colleague, ledger.search(colleague, [candidate(number)]).slots[0].handle


# --- creation ---


@pytest.mark.parametrize("wrong", ["other criteria", "other session", "too old", "more than name and date", "too many"])
def test_a_creation_needs_its_own_search(ledger: Ledger, nurse: Person, wrong: str) -> None:
    many = [candidate(n + 1, position=n) for n in range(21)] if wrong == "too many" else []
    found = ledger.search(nurse, many, name_and_date_only=wrong != "more than name and date")
    who = ledger.somebody() if wrong == "other session" else nurse
    if wrong == "too old":
        ledger.clock.move(601)
    digest = b"x" * 32 if wrong == "other criteria" else b"c" * 32
    with pytest.raises(SearchNeeded):
        ledger.enter(who, creation(ledger, found.search_handle, criteria_digest=digest), method=CREATE)


def test_a_creation_is_said_by_the_own_organisation(ledger: Ledger, nurse: Person) -> None:
    found = ledger.search(nurse)
    with pytest.raises(NotPermitted):
        ledger.enter(nurse, creation(ledger, found.search_handle, source=ELSEWHERE.bytes), method=CREATE)
    assert last_entry(ledger).draft.rule == "STATEMENT_NOT_OWN"


@pytest.mark.promise("S2")
@pytest.mark.parametrize("seen_in", ["search", "repetition"])
def test_a_child_that_meets_a_limited_one_is_created_limited_with_the_same_answer(
    ledger: Ledger, nurse: Person, seen_in: str
) -> None:
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    hidden = ledger.create(police)
    alike = (candidate(hidden.number, claims=WHOLE_NAME),)
    found = ledger.search(nurse, alike if seen_in == "search" else ())
    # Closed between the search and the creation.
    ledger.close(police, hidden.handle)
    effect = creation(ledger, found.search_handle, candidates=alike if seen_in == "repetition" else ())
    entered = ledger.enter(nurse, effect, method=CREATE)
    ledger.settle(entered.act_id)
    assert row_of(ledger, entered.number) is State.LIMITED_INTERIM
    plain = ledger.enter(nurse, creation(ledger, ledger.search(nurse).search_handle), method=CREATE)
    assert row_of(ledger, plain.number) is State.OPEN
    assert [len(one) for one in (entered.pending_keys, entered.handle)] == [
        len(one) for one in (plain.pending_keys, plain.handle)
    ]
    assert ledger.look(nurse, number=entered.number).number == 0


def test_a_creation_given_up_leaves_no_child(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse, settle=False)
    assert ledger.look(nurse, entered.handle).number == entered.number
    assert ledger.settle(entered.act_id, is_done=False).state is ActState.NOT_DONE
    assert ledger.look(nurse, entered.handle).number == 0


# --- closing ---


@pytest.mark.promise("S3")
def test_closing_is_in_effect_with_its_entry(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    closed = ledger.close(police, ledger.look(police, number=number).handle)
    assert (closed.state, closed.number) == (ActState.DONE, number)
    assert last_entry(ledger).draft.effect == ChildLimited(is_interim=True)
    assert ledger.look(nurse, number=number).number == 0


@pytest.mark.promise("S6")
def test_a_record_is_closed_for_good_by_two_and_never_opens_again(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    first, second = ledger.somebody("ROLE_SHIELD_OFFICER"), ledger.somebody("ROLE_SHIELD_OFFICER")
    ledger.close(first, number=number, is_interim=False)
    assert row_of(ledger, number) is State.LIMITED_INTERIM
    ledger.close(first, number=number, is_interim=False)
    assert row_of(ledger, number) is State.LIMITED_INTERIM
    ledger.close(second, number=number, is_interim=False)
    assert row_of(ledger, number) is State.LIMITED
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    ledger.close(police, number=number)
    assert row_of(ledger, number) is State.LIMITED


@pytest.mark.promise("R2")
def test_every_act_on_a_child_writes_as_many_rows_of_one_size(ledger: Ledger, nurse: Person) -> None:
    assert isinstance(ledger.store, MemoryStore)
    kept = ledger.store.kept
    handle = ledger.create(nurse).handle
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    closing = ledger.look(police, number=ledger.look(nurse, handle).number).handle
    traces = []
    for act in ("write", "close"):
        states, sizes = len(kept.states), {len(sealed) for _, sealed in kept.states}
        entered = ledger.write(nurse, handle) if act == "write" else ledger.close(police, closing)
        during = [kept.acts[entered.act_id][0], len(kept.acts[entered.act_id][1]), len(kept.states) - states]
        if act == "write":
            ledger.settle(entered.act_id)
        else:
            ledger.clock.move(1)
            settles_itself(ledger, entered.act_id)
        after = [kept.acts[entered.act_id][0], len(kept.acts[entered.act_id][1]), len(kept.states) - states]
        traces.append((during, after, sizes, len(kept.rows[-1].sealed)))
    assert traces[0] == traces[1]
    assert traces[0][0] == [True, 512, 1]
    assert traces[0][1] == [False, 512, 2]


def settles_itself(ledger: Ledger, act_id: bytes) -> None:
    assert isinstance(ledger.store, MemoryStore)
    assert ledger.leads_within(1)
    for _ in range(200):
        if not ledger.store.kept.acts[act_id][0]:
            return
        ledger.look(ledger.sign_in(str(uuid.UUID(int=2)), str(uuid.UUID(int=1))), number=0)
    raise AssertionError("it does not settle itself")


# --- standing and sessions ---


def a_change(ledger: Ledger, who: Person, **changed: object) -> ChangeStanding:
    before = ledger.standings[("person", who.person)]
    said = {
        "party_kind": "person",
        "party_id": who.person,
        "previous_digest": before,
        "digest": b"n" * 32,
        "change": "SUSPENDED",
        "ends_sessions": True,
        **changed,
    }
    return ChangeStanding(**said)  # type: ignore[arg-type]  # as named


@pytest.mark.promise("S3")
def test_a_suspension_makes_every_older_token_worthless(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    call = ledger.call(nurse, "directory:DirectoryService/OpenRecord", "EnterLook")
    auditor = ledger.somebody("ROLE_AUDITOR")
    ledger.enter(auditor, a_change(ledger, nurse), method="identity:AdministrationService/SuspendPerson")
    with pytest.raises((StandingChanged, NotAuthenticated)):
        ledger.look(nurse, number=number, call=call)
    # Not even a token with the newest digest: the session is gone.
    ledger.standings[("person", nurse.person)] = b"n" * 32
    with pytest.raises(NotAuthenticated):
        ledger.look(nurse, number=number)


def test_a_change_must_know_what_it_replaces(ledger: Ledger, nurse: Person) -> None:
    administrator = ledger.somebody("ROLE_USER_ADMINISTRATOR")
    for previous in (b"", b"0" * 32):
        with pytest.raises(BeingChanged):
            ledger.enter(
                administrator,
                a_change(ledger, nurse, previous_digest=previous),
                method="identity:AdministrationService/GrantRole",
            )
    with pytest.raises(NotPermitted):
        ledger.enter(
            administrator,
            a_change(ledger, nurse, party_kind="service", party_id="live"),
            method="identity:AdministrationService/GrantRole",
        )


def test_sessions_end_by_their_person_alone(ledger: Ledger, nurse: Person) -> None:
    other = ledger.somebody()
    effect = EndSessions(session_tags=(other.session, nurse.session), is_every=False)
    ledger.enter(nurse, effect, method="identity:SessionService/EndSessions")
    ledger.search(other)
    with pytest.raises(NotAuthenticated):
        ledger.search(nurse)


def test_every_session_ends(ledger: Ledger, nurse: Person) -> None:
    again = ledger.sign_in(nurse.person, nurse.organisation)
    effect = EndSessions(session_tags=(), is_every=True)
    ledger.enter(nurse, effect, method="identity:SessionService/EndSessions")
    with pytest.raises(NotAuthenticated):
        ledger.search(again)


# --- notes ---


def test_a_note_about_a_child_returns_its_number(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)
    method = "shielding:ShieldingService/RequestShield"
    noted = ledger.enter(nurse, Note(handle=entered.handle, number=0), method=method)
    assert (noted.number, noted.state) == (entered.number, ActState.DONE)
    assert ledger.enter(nurse, Note(handle=b"", number=entered.number), method=method).number == entered.number
    with pytest.raises(NotFound):
        ledger.enter(nurse, Note(handle=b"", number=1_000_000_001), method=method)
