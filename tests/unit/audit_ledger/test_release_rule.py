"""Each step of the release rule refuses, and says so in an entry."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.ledger.domain.entry import Outcome, Section
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.effects.note import Note
from services.audit.ledger.errors import TokenSpent
from services.audit.ledger.release_rule import MOST_SHOWN, Candidate
from services.audit.ledger.use_cases.enter_look import Looked
from services.runtime import tokens
from services.runtime.errors import (
    CeilingReached,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    ServiceError,
    StandingChanged,
)
from services.runtime.tokens import Standing
from tests.fakes.audit_ledger import BOTH, ENVIRONMENT, Ledger, Person, candidate, in_memory, with_ceilings
from tests.unit.audit_ledger.conftest import entries_of, last_entry

OPEN = "directory:DirectoryService/OpenRecord"


def refused(ledger: Ledger, who: Person, error: type[ServiceError], rule: str, **changed: Any) -> None:
    handle = ledger.create(who).handle
    with pytest.raises(error):
        ledger.look(who, handle, call=ledger.call(who, OPEN, "EnterLook", **changed))
    entry = last_entry(ledger)
    assert (entry.draft.outcome, entry.draft.rule) == (Outcome.REFUSED, rule)
    assert entry.draft.sections == ()


# --- (a) ---


@pytest.mark.promise("D2")
@pytest.mark.parametrize(
    "method",
    [
        "directory:DirectoryService/SearchChildren",
        "directory:DirectoryService/CreateChild",
        "shielding:ShieldingService/ProposeShield",
        "audit.review:ReviewService/WhoLookedAt",
        "directory:DirectoryService/NoSuchMethod",
    ],
)
def test_a_the_tokens_method_must_list_this_call(ledger: Ledger, nurse: Person, method: str) -> None:
    process, _, name = method.partition(":")
    changed = {"aud": process, "mth": f"/contactpoint.{process}.v1.{name}"}
    refused(ledger, nurse, NotPermitted, "NOT_CAUSED", **changed)


def test_a_another_process_than_the_tokens_audience_is_refused(ledger: Ledger, nurse: Person) -> None:
    handle = ledger.create(nurse).handle
    call = dataclasses.replace(ledger.call(nurse, OPEN, "EnterLook"), peer="shielding")
    with pytest.raises(NotPermitted):
        ledger.look(nurse, handle, call=call)


def test_a_the_effect_must_be_listed(ledger: Ledger, nurse: Person) -> None:
    with pytest.raises(NotPermitted):
        ledger.enter(nurse, Note(handle=b"", number=0), method="directory:DirectoryService/CreateChild")
    assert last_entry(ledger).draft.rule == "EFFECT_NOT_ALLOWED"


@pytest.mark.parametrize("section", [Section.HOME, Section.SENSITIVE])
def test_a_the_section_must_be_listed(ledger: Ledger, nurse: Person, section: Section) -> None:
    handle = ledger.create(nurse).handle
    with pytest.raises(NotPermitted):
        ledger.look(nurse, handle, section=section)
    assert last_entry(ledger).draft.rule == "SECTION_NOT_ALLOWED"


def test_a_the_role_must_grant_the_method(ledger: Ledger, nurse: Person) -> None:
    refused(ledger, nurse, NotPermitted, "ROLE_LACKS_PERMISSION", rol="ROLE_USER_ADMINISTRATOR")


def test_a_a_systems_token_opens_nothing_that_is_a_persons(ledger: Ledger, nurse: Person) -> None:
    refused(ledger, nurse, NotPermitted, "ASSURANCE_TOO_LOW", acr=tokens.SYSTEM)


@pytest.mark.promise("D2")
def test_a_a_token_is_spent_by_its_look(ledger: Ledger, nurse: Person) -> None:
    first, second = ledger.create(nurse).handle, ledger.create(nurse).handle
    call = ledger.call(nurse, OPEN, "EnterLook")
    ledger.look(nurse, first, call=call)
    for handle in (first, second):
        with pytest.raises(TokenSpent):
            ledger.look(nurse, handle, call=call)


def test_a_a_token_out_of_time_is_refused(ledger: Ledger, nurse: Person) -> None:
    now = int(ledger.clock.now().timestamp())
    refused(ledger, nurse, NotAuthenticated, "TOKEN_EXPIRED", iat=now - 10, exp=now)


def test_a_a_session_that_was_never_entered_is_refused(ledger: Ledger, nurse: Person) -> None:
    refused(ledger, nurse, NotAuthenticated, "SESSION_NOT_LIVE", sid=str(uuid.uuid4()))


def test_a_a_session_of_somebody_else_is_refused(ledger: Ledger, nurse: Person) -> None:
    refused(ledger, nurse, NotAuthenticated, "SESSION_NOT_LIVE", sid=ledger.somebody().session)


@pytest.mark.promise("I7")
def test_a_a_session_ends_after_twelve_hours(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    ledger.clock.move(timedelta(hours=12).total_seconds() - 1)
    assert ledger.look(nurse, number=number).number == number
    ledger.clock.move(1)
    with pytest.raises(NotAuthenticated):
        ledger.look(nurse, number=number)


@pytest.mark.promise("L3")
def test_a_no_session_lives_longer_when_the_clock_goes_back(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    ledger.clock.move(-86_400)
    with pytest.raises(NotAuthenticated):
        ledger.look(nurse, number=number)
    before, after = entries_of(ledger)[-2:]
    assert before.at <= after.at
    # Whoever signs in by the clock as it is now is served.
    assert ledger.look(ledger.sign_in(nurse.person, nurse.organisation), number=number).number == number


# --- (b) ---


@pytest.mark.promise("S3")
@pytest.mark.parametrize("kind", ["person", "organisation", "service"])
def test_b_every_standing_must_be_named(ledger: Ledger, nurse: Person, kind: str) -> None:
    full = ledger.token(nurse, OPEN).std
    refused(ledger, nurse, StandingChanged, "STANDING_CHANGED", std=tuple(one for one in full if one.kind != kind))


@pytest.mark.parametrize("kind", ["person", "organisation", "service"])
def test_b_every_standing_must_be_the_newest(ledger: Ledger, nurse: Person, kind: str) -> None:
    full = ledger.token(nurse, OPEN).std
    older = tuple(one._replace(digest="0" * 64) if one.kind == kind else one for one in full)
    refused(ledger, nurse, StandingChanged, "STANDING_CHANGED", std=older)


def test_b_a_system_must_be_named_where_there_is_one(ledger: Ledger, nurse: Person) -> None:
    system = str(uuid.uuid4())
    refused(ledger, nurse, StandingChanged, "STANDING_CHANGED", sys=system)
    ledger.add("system", system)
    full = (*ledger.token(nurse, OPEN).std, Standing("system", system, ledger.standings[("system", system)].hex()))
    call = ledger.call(nurse, OPEN, "EnterLook", sys=system, std=full)
    assert ledger.look(nurse, ledger.create(nurse).handle, call=call).number


def test_b_an_unknown_party_is_refused(ledger: Ledger, nurse: Person) -> None:
    unknown = Standing("organisation", str(uuid.uuid4()), "0" * 64)
    refused(ledger, nurse, StandingChanged, "STANDING_CHANGED", std=(*ledger.token(nurse, OPEN).std, unknown))


# --- (c) ---


@pytest.mark.promise("D5")
@pytest.mark.parametrize("kind", ["person", "organisation", "service"])
def test_c_opening_ends_at_the_ceiling_and_starts_again_the_next_day(kind: str) -> None:
    plain = in_memory()
    plain.stop()
    ledger = in_memory(limits=with_ceilings(plain.limits, **{f"{kind}_opened": 2}))
    ledger.found()
    who = ledger.somebody()
    number = ledger.create(who).number
    for _ in range(2):
        ledger.look(who, number=number)
    with pytest.raises(CeilingReached):
        ledger.look(who, number=number)
    assert last_entry(ledger).draft.rule == f"CEILING_{kind.upper()}_OPENED"
    ledger.clock.move(86_400)
    assert ledger.look(ledger.sign_in(who.person, who.organisation), number=number).number == number
    ledger.stop()


def test_c_homes_have_a_ceiling_of_their_own_and_end_searching() -> None:
    plain = in_memory()
    plain.stop()
    ledger = in_memory(limits=with_ceilings(plain.limits, person_homes=1))
    ledger.found()
    who = ledger.somebody()
    handle = ledger.create(who).handle
    ledger.look(who, handle, method="OpenHome", section=Section.HOME)
    with pytest.raises(CeilingReached):
        ledger.look(who, handle, method="OpenHome", section=Section.HOME)
    ledger.look(who, handle)
    with pytest.raises(CeilingReached):
        ledger.search(who)
    ledger.stop()


def test_c_rows_count_as_shown_and_own_involvements_do_not() -> None:
    plain = in_memory()
    plain.stop()
    ledger = in_memory(limits=with_ceilings(plain.limits, person_rows=3, person_opened=2))
    ledger.found()
    who = ledger.somebody()
    other = ledger.create(who)
    own = ledger.create(who)
    entered = ledger.write(who, own.handle, own=1)
    ledger.settle(entered.act_id)
    for _ in range(3):
        ledger.look(who, own.handle)
    assert last_entry(ledger).draft.rule == "OWN_INVOLVEMENT"
    ledger.search(who, [candidate(other.number), candidate(own.number, position=1)])
    with pytest.raises(CeilingReached):
        ledger.search(who, [candidate(other.number), candidate(own.number, position=1)])
    ledger.look(who, other.handle)
    with pytest.raises(CeilingReached):
        ledger.look(who, other.handle)
    ledger.look(who, own.handle)
    ended = ledger.write(who, own.handle, own=2)
    ledger.settle(ended.act_id)
    with pytest.raises(CeilingReached):
        ledger.look(who, own.handle)
    ledger.stop()


def test_c_nobody_hides_a_child_among_namesakes_made_up_in_a_day() -> None:
    """Above twenty alike a search shows none: twenty creations would hide a real child from everybody."""
    plain = in_memory()
    plain.stop()
    assert plain.limits.ceilings["person", "created"] < MOST_SHOWN
    ledger = in_memory(limits=with_ceilings(plain.limits, person_created=2))
    ledger.found()
    who = ledger.somebody()
    for _ in range(2):
        ledger.create(who)
    with pytest.raises(CeilingReached):
        ledger.create(who)
    assert last_entry(ledger).draft.rule == "CEILING_PERSON_CREATED"
    ledger.create(ledger.somebody())
    ledger.stop()


@pytest.mark.promise("D5")
@pytest.mark.parametrize("counted", ["opened", "homes"])
def test_c_starting_an_involvement_is_no_way_round_a_ceiling(counted: str) -> None:
    """What a start lets the person open without counting is counted once, when it starts."""
    plain = in_memory()
    plain.stop()
    ledger = in_memory(limits=with_ceilings(plain.limits, **{f"person_{counted}": 2}))
    ledger.found()
    who = ledger.somebody()
    first, second, third = (ledger.create(who) for _ in range(3))
    for one in (first, second):
        ledger.settle(ledger.write(who, one.handle, own=1).act_id)
        ledger.look(who, one.handle, method="OpenHome", section=Section.HOME)
    with pytest.raises(CeilingReached):
        ledger.write(who, third.handle, own=1)
    assert last_entry(ledger).draft.rule == f"CEILING_PERSON_{counted.upper()}"
    # One's own children, and one's own words about any child, stay within reach.
    ledger.settle(ledger.write(who, first.handle, own=1).act_id)
    ledger.settle(ledger.write(who, second.handle, own=2).act_id)
    ledger.look(who, first.handle, method="OpenHome", section=Section.HOME)
    ledger.stop()


# --- (d) ---


def limited(ledger: Ledger) -> tuple[int, bytes]:
    """Return a child that was closed, and a handle by its whole name in the hands of `nurse` made before."""
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    entered = ledger.create(police)
    ledger.close(police, entered.handle)
    return entered.number, entered.handle


@pytest.mark.promise("S5")
def test_d_a_limited_record_gives_its_limited_form_and_no_home(ledger: Ledger, nurse: Person) -> None:
    number, _ = limited(ledger)
    handle = ledger.search(nurse, [candidate(number)]).slots[0].handle
    seen = ledger.look(nurse, handle)
    assert seen.is_limited
    assert {key.version.section for key in seen.keys} == {Section.IDENTITY}
    home = ledger.look(nurse, handle, method="OpenHome", section=Section.HOME)
    assert home.is_limited
    assert home.keys == ()


def test_d_by_number_a_limited_record_is_not_there(ledger: Ledger, nurse: Person) -> None:
    number, _ = limited(ledger)
    never = ledger.look(nurse, number=0)
    for said in (False, True):
        seen = ledger.look(nurse, number=number, has_whole_name=said)
        assert dataclasses.replace(seen, receipt=never.receipt) == never
    rules = [last_entry(ledger).draft.rule, last_entry(ledger).draft.outcome]
    assert rules == ["NOT_FOUND", Outcome.EMPTY]


def test_d_an_auditor_identifies_a_limited_child_by_its_whole_name_and_gets_no_key(ledger: Ledger) -> None:
    number, _ = limited(ledger)
    auditor = ledger.somebody("ROLE_AUDITOR")

    def identified(*, has_whole_name: bool) -> Looked:
        return ledger.look(
            auditor, method="IdentifyChild", section=Section.IDENTITY, number=number, has_whole_name=has_whole_name
        )

    assert identified(has_whole_name=False).number == 0
    seen = identified(has_whole_name=True)
    assert seen.number == number
    assert seen.keys == ()


def test_d_a_handle_without_the_whole_name_dies_when_the_record_is_closed(ledger: Ledger, nurse: Person) -> None:
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    entered = ledger.create(police)
    fuzzy = ledger.search(nurse, [candidate(entered.number, claims=0)]).slots[0].handle
    assert ledger.look(nurse, fuzzy).number
    ledger.close(police, entered.handle)
    assert ledger.look(nurse, fuzzy).number == 0
    with pytest.raises(NotFound):
        ledger.write(nurse, fuzzy)


def test_d_a_handle_is_of_its_session_and_of_its_quarter_of_an_hour(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)
    assert ledger.look(ledger.somebody(), entered.handle).number == 0
    ledger.clock.move(899)
    assert ledger.look(nurse, entered.handle).number == entered.number
    ledger.clock.move(2)
    assert ledger.look(nurse, entered.handle).number == 0


def test_d_an_officer_opens_only_the_own_area(ledger: Ledger, nurse: Person) -> None:
    number = ledger.create(nurse).number
    elsewhere = ledger.somebody("ROLE_SHIELD_OFFICER", area="E09000033")
    with pytest.raises(NotPermitted):
        ledger.look(elsewhere, number=number)
    assert last_entry(ledger).draft.rule == "OUT_OF_AREA"
    assert ledger.look(ledger.somebody("ROLE_SHIELD_OFFICER"), number=number).number == number


def test_a_refused_look_is_about_its_child_too(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)
    call = ledger.call(nurse, OPEN, "EnterLook", std=(Standing("service", ENVIRONMENT, "0" * 64),))
    with pytest.raises(StandingChanged):
        ledger.look(nurse, entered.handle, call=call)
    keyring = ledger.writer.published().keyring
    numbers = [keyring.open_number(one.sealed_number) for one in last_entry(ledger).subjects if one.sealed_number]
    assert numbers == [entered.number]


# --- (e) ---


def test_e_the_head_and_the_pending_version_are_released_and_no_other(ledger: Ledger, nurse: Person) -> None:
    entered = ledger.create(nurse)

    def versions() -> set[int]:
        seen = ledger.look(nurse, entered.handle)
        return {key.version.number for key in seen.keys if key.version.section is Section.SERVICES}

    assert versions() == {1}
    second = ledger.write(nurse, entered.handle)
    assert versions() == {1, 2}
    ledger.settle(second.act_id)
    assert versions() == {2}
    third = ledger.write(nurse, entered.handle)
    ledger.settle(third.act_id, is_done=False)
    assert versions() == {2}
    # A version that was given up is never given out again.
    assert ledger.write(nurse, entered.handle).pending_keys[0].version.number == 4


def test_every_key_is_another(ledger: Ledger, nurse: Person) -> None:
    keys = [
        key.key
        for child in (ledger.create(nurse), ledger.create(nurse))
        for entered in (child, ledger.write(nurse, child.handle))
        for key in entered.pending_keys
    ]
    assert len(set(keys)) == len(keys) == 8


# --- search: what is hidden goes first ---

CANDIDATES = st.lists(
    st.builds(
        Candidate,
        position=st.just(0),
        number=st.integers(1, 60),
        tier=st.integers(1, 4),
        claims=st.integers(0, 7),
    ),
    max_size=64,
    unique_by=lambda one: one.number,
)


@pytest.mark.promise("S1")
@given(candidates=CANDIDATES, hidden=st.frozensets(st.integers(1, 60)))
def test_a_hidden_candidate_changes_nothing(candidates: list[Candidate], hidden: frozenset[int]) -> None:
    with_it, without = (
        shown(candidates, hidden),
        shown([one for one in candidates if not is_hidden(one, hidden)], frozenset()),
    )
    assert with_it == without
    assert all(one.number not in hidden or one.claims & BOTH == BOTH for one in with_it.matched)
    assert len({one.tier for one in with_it.matched}) <= 1
    assert len(with_it.candidates) <= MOST_SHOWN
    assert with_it.add_details == (len(with_it.matched) > MOST_SHOWN)


def is_hidden(one: Candidate, hidden: frozenset[int]) -> bool:
    return one.number in hidden and one.claims & BOTH != BOTH


def shown(candidates: list[Candidate], hidden: frozenset[int]) -> Any:
    ledger, somebody = _shared()
    tenure = ledger.writer._tenure
    assert tenure is not None
    tenure.registers.limited = set(hidden)
    call = ledger.call(somebody, "directory:DirectoryService/SearchChildren", "EnterSearch")
    batch = Batch(
        now=ledger.clock.now(),
        at=ledger.clock.now(),
        keyring=tenure.keyring,
        registers=tenure.registers,
        acts={},
        children={},
        pending={},
    )
    return ledger.rule.show(call, batch, candidates, too_little=False)


@cache
def _shared() -> tuple[Ledger, Person]:
    ledger = in_memory()
    ledger.found()
    return ledger, ledger.somebody()
