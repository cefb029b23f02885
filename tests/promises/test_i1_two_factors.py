"""I1: two factors on every pathway; a code works once, under race; there is no one-factor session."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyotp
import pytest
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.settlement.outside import TOTP_SECONDS, Account
from services.runtime.access import every_service
from tests.support.figures import RecordProperty
from tests.support.inside import Refused
from tests.support.town import Seat, Town

pytestmark = [pytest.mark.promise("I1"), pytest.mark.timeout(300)]

TRIES = 50
WRONG = "SIGN_IN_REFUSED"


def tried(seat: Seat, account: Account, code: str) -> str:
    """Return "" for a session, else the refusal's reason; who was told BUSY comes back, as an attacker would."""
    request = identity.SignInRequest(username=account.username, password=account.password, code=code)
    for _again in range(40):
        try:
            seat.outside.call(seat.outside.sign_in_service.SignIn, request)
        except Refused as refused:
            if refused.reason != "BUSY":
                return refused.reason
            time.sleep(0.05)
        else:
            return ""
    return "BUSY"


def at_once(seat: Seat, account: Account, code: str, tries: int) -> Counter[str]:
    """Return how many of many tries at once ended how."""
    with ThreadPoolExecutor(tries) as senders:
        return Counter(senders.map(lambda _: tried(seat, account, code), range(tries)))


def test_of_fifty_tries_of_one_code_one_gets_in(town: Town, record_property: RecordProperty) -> None:
    account = town.newcomer()
    town.give_codes_back(account)
    seat = town.empty_seat(account)
    rounds = []
    for _ in range(2):
        ended = at_once(seat, account, account.code(), TRIES)
        assert ended[""] == 1, ended
        assert set(ended) <= {"", WRONG, "BUSY"}
        rounds.append(ended[""])
    record_property("figure", f"{rounds[0]} success of {TRIES} parallel tries of one code")


def test_no_single_factor_gets_in(town: Town, record_property: RecordProperty) -> None:
    account, other = town.newcomers(2)
    town.give_codes_back(account)
    town.give_codes_back(other)
    seat = town.empty_seat(account)
    now = int(time.time())

    def code_at(step: int) -> str:
        return str(pyotp.TOTP(account.totp_secret).at(now + step * TOTP_SECONDS))

    used = account.code()
    assert tried(seat, account, used) == ""
    refused = {
        "a used code": (account, used),
        "an old code": (account, code_at(-3)),
        "a code of later": (account, code_at(5)),
        "no code": (account, "000000"),
        "another's code": (account, other.code()),
        "another's password": (replace(account, password=other.password), account.code()),
        "no password": (replace(account, password=" "), account.code()),
        "the user name as the password": (replace(account, password=account.username), "123456"),
        "another's name": (replace(other, password=account.password), other.code()),
        "nobody's name": (replace(account, username="nobody.at.all"), "123456"),
    }
    ended = {name: tried(seat, who, code) for name, (who, code) in refused.items()}
    assert set(ended.values()) == {WRONG}, ended
    record_property("figure", f"0 sessions of {len(refused)} pathways with one factor")


def test_a_code_that_met_a_wrong_password_is_used_up(town: Town) -> None:
    """Else whoever reads a code over a shoulder has thirty seconds of guesses at the password."""
    account = town.newcomer()
    seat = town.empty_seat(account)
    code = account.code()
    assert tried(seat, replace(account, password="wrong horse battery staple"), code) == WRONG
    assert tried(seat, account, code) == WRONG


def test_enrolment_takes_link_and_code_and_binds_both_factors_once(town: Town, record_property: RecordProperty) -> None:
    account, link, code = town.invited()
    seat = town.empty_seat(account)
    call, service = seat.outside.call, seat.outside.sign_in_service

    def begun(link: str, code: str) -> str:
        request = identity.BeginEnrolmentRequest(link_token=link, code=code)
        try:
            secret = call(service.BeginEnrolment, request).totp_secret
        except Refused as refused:
            return refused.reason
        account.totp_secret = secret
        return ""

    other = town.invited()
    assert begun("A" * 43, code) == "ENROLMENT_REFUSED"
    assert begun(other[1], code) == "ENROLMENT_REFUSED"
    assert begun(link, other[2]) == "ENROLMENT_REFUSED"
    assert tried(seat, replace(account, totp_secret=pyotp.random_base32()), "123456") == WRONG
    assert begun(link, code) == ""
    assert begun(link, code) == ""
    totp = account.code()

    def completed(password: str, totp_code: str) -> str:
        request = identity.CompleteEnrolmentRequest(link_token=link, code=code, password=password, totp_code=totp_code)
        try:
            answer = call(service.CompleteEnrolment, request)
        except Refused as refused:
            return refused.reason
        assert not {one.name for one in answer.DESCRIPTOR.fields} & {"session", "token"}
        return ""

    assert completed(account.password, "000000") != ""
    assert tried(seat, account, totp) == WRONG
    with ThreadPoolExecutor(10) as senders:
        ended = Counter(senders.map(lambda n: completed(f"{account.password} {n}", totp), range(10)))
    assert ended[""] == 1, ended
    assert completed(account.password, account.code()) != ""
    assert begun(link, code) == "ENROLMENT_REFUSED"
    # The code that bound the authenticator is used, too.
    assert {tried(seat, replace(account, password=f"{account.password} {n}"), totp) for n in range(10)} == {WRONG}
    record_property("figure", "1 of 10 parallel enrolments binds; link and code die together")


def test_five_wrong_codes_end_link_and_code_even_at_once(town: Town) -> None:
    account, link, code = town.invited()
    seat = town.empty_seat(account)
    wrong = [f"{(int(code) + 1 + n) % 100_000_000:08}" for n in range(20)]

    def begun(tried_code: str) -> str:
        request = identity.BeginEnrolmentRequest(link_token=link, code=tried_code)
        try:
            seat.outside.call(seat.outside.sign_in_service.BeginEnrolment, request)
        except Refused as refused:
            return refused.reason
        return ""

    with ThreadPoolExecutor(20) as senders:
        assert set(senders.map(begun, wrong)) <= {"ENROLMENT_REFUSED", "BUSY"}
    assert begun(code) == "ENROLMENT_REFUSED"


def test_every_session_rests_on_two_factors(town: Town, record_property: RecordProperty) -> None:
    seat = town.seat("nurse")
    listed = seat.outside.call(seat.outside.sessions.ListSessions, identity.ListSessionsRequest()).sessions
    assert listed
    for one in listed:
        assert {(factor.method, factor.assurance_level) for factor in one.factors} == {("pwd", 1), ("otp", 2)}
    counted = town.suite.psql(
        "identity",
        "SELECT s.tag, array_agg(f.method ORDER BY f.method) FROM session s"
        " LEFT JOIN session_factor f ON f.session_tag = s.tag WHERE s.is_entered GROUP BY s.tag",
    )
    assert counted
    assert {tuple(methods) for _, methods in counted} == {("otp", "pwd")}
    record_property("figure", f"0 one-factor sessions among {len(counted)}")


def test_only_sign_in_answers_with_a_session() -> None:
    """Read from the contracts: no other answer has room for one."""
    with_session = {
        f"{service.name}/{method.name}"
        for service in every_service()
        for method in service.methods
        for field in method.output_type.fields
        if field.name == "session"
    }
    assert with_session == {"SignInService/SignIn"}
