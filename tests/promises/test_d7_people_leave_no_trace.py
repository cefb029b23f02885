"""D7: a made-up child and a made-up user go through every act and error, and no sink has a trace of either."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import grpc
import pytest
import redis
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding

from deploy.local.operating_system import working_in
from deploy.local.settlement import inhabitants
from deploy.local.settlement.inhabitants import ADMINISTRATOR, SUPPLIER
from deploy.local.settlement.outside import Account, Outside, new_key
from deploy.local.suite import Suite
from tests.pages.plain import Answer, Plain, hidden_fields
from tests.pages.signed_in import signed_in
from tests.promises.attacks.canaries import Canary, hits
from tests.support.doomed import Doomed, doomed_town
from tests.support.town import Seat

RecordProperty = Callable[[str, object], None]
SURNAME, GIVEN, FORMER = "Quavolimbrek", "Yzoltanie", "Drymbelhoft"
CREATED_SURNAME, CREATED_GIVEN = "Ostrivlumpagh", "Brenquilde"
CARER, CARER_MAIL = "Xavanquorie Wistlebrookh", "zorbalinkh@example.org"
LINE, POSTCODE, TELEPHONE = "77 Vombrusquer Mews", "LS27 9ZZ", "020 7946 0739"
BORN, CREATED_BORN = date(2013, 7, 19), date(2014, 11, 27)
PRACTITIONER, REASON_TEXT = "Hjalmquist Perravolith", "Klombrudanz was mentioned by the caller"
USERNAME, NAME = "theodrixen.wambleforthe", "Theodrixen Wambleforthe"
GUESSED_PASSWORD, STRANGER = "Vrumbleqast 93 horses!", "nobody.squandelmirth"
_TYPED = {
    "surname": SURNAME, "given-names": GIVEN, "born-day": "19", "born-month": "7", "born-year": "2013",
}  # fmt: skip
# Metrics of every process: a scan of sinks without them would show nothing about them.
MEASURED = {
    "rpc_calls", "rpc_duration", "ready", "workers_busy", "database_connections", "database_answers", "clock_offset",
    "certificate_expires", "work_age", "work_rounds", "ledger_commit_calls", "ledger_commit_duration", "ledger_entries",
    "ledger_leads", "ledger_unsettled", "log_published_entries", "index_entries", "index_lag", "acts_unsettled",
    "acts_pending", "outbox_waiting", "outbox_age", "shield_steps_left_behind",
}  # fmt: skip
# The processes of ours in the order in which they are stopped, so that they write down what they still hold.
PROCESSES = ("gateway.web", "gateway.edge", "directory", "shielding", "audit.review", "identity", "audit.ledger")


@dataclass
class Heard:
    """All that callers were told when they were refused, byte for byte."""

    refusals: list[bytes] = field(default_factory=list)
    answers: int = 0

    def attempt(self, outside: Outside, method: Callable[..., Any], request: Any, **how: Any) -> Any:
        """Call; return the answer or None, and keep every byte of a refusal."""
        metadata = how.pop("metadata", (("authorization", f"Bearer {outside.session}"),))
        try:
            answer, _ = method.with_call(request, timeout=how.get("seconds", 3.0), metadata=metadata)  # type: ignore[attr-defined]
        except grpc.RpcError as error:
            call: Any = error
            told = [str(call.code()), call.details() or "", str(call.initial_metadata()), str(call.trailing_metadata())]
            self.refusals.append("\n".join(told).encode())
            self.refusals += [
                value if isinstance(value, bytes) else str(value).encode()
                for _, value in (*(call.trailing_metadata() or ()), *(call.initial_metadata() or ()))
            ]
            return None
        self.answers += 1
        return answer


@pytest.fixture
def doomed(pytestconfig: pytest.Config) -> Doomed:
    return doomed_town(pytestconfig)


@pytest.mark.promise("D7")
@pytest.mark.timeout(300)
def test_no_sink_has_a_trace_of_anybody(doomed: Doomed, record_property: RecordProperty) -> None:
    begun_at = time.time()
    heard = Heard()
    account = user_comes(doomed, heard)
    seat = doomed.town.new_seat(account.username)
    number = child_lives(doomed, heard, seat)
    nonsense(heard, seat)
    pages = Browser(doomed, account)
    pages.looks_a_child_up(number)
    pages.types_nonsense()
    for broken in (database_gone(doomed.suite), tables_gone(doomed), ledger_killed(doomed)):
        with broken:
            everything_once(doomed, heard, seat, account)
            pages.types_nonsense()
    assert {200, 400, 401, 403, 404, 503} <= pages.statuses
    assert heard.answers > 20
    assert len(heard.refusals) > 60

    of_children = [
        *(Canary.text("name", name) for name in (SURNAME, GIVEN, FORMER, CREATED_SURNAME, CREATED_GIVEN)),
        *(Canary.text("home", value) for value in ("Xavanquorie", CARER_MAIL, "Vombrusquer", POSTCODE, "LS279ZZ")),
        *(Canary.text("staff", value) for value in ("Hjalmquist", "Perravolith", "Klombrudanz")),
        Canary.digits("number", number),
        Canary.digits("telephone", TELEPHONE),
        *(Canary.day("date of birth", born) for born in (BORN, CREATED_BORN)),
    ]
    secrets = [
        Canary.text("password", account.password),
        Canary.text("password", GUESSED_PASSWORD),
        Canary.text("secret of codes", account.totp_secret),
        Canary.text("session", seat.outside.session),
        Canary.text("a name somebody guessed", STRANGER),
        *(Canary.text("a cookie", value) for value in pages.client.held.values()),
    ]
    # At home in one table of identity's, and nowhere else.
    of_users = [Canary.text("user name", USERNAME), *(Canary.text("user", one) for one in NAME.split())]
    everybody = [*of_children, *secrets, *of_users]

    suite = doomed.suite
    identitys = int(suite.psql("identity", "SELECT oid FROM pg_database WHERE datname = current_database()")[0][0])
    found = hits(everybody, told_and_running(doomed, heard))
    with stopped(suite):
        # Postgres writes its pages when it stops, and the processes their last spans and metrics.
        files = list(written_files(doomed, identitys, since=begun_at))
        found += hits([*of_children, *secrets], ((sink, content) for sink, content, _ in files))
        found += hits(of_users, ((sink, content) for sink, content, is_identitys in files if not is_identitys))
    size = sum(len(content) for _, content, _ in files)
    spellings = sum(len(one.spellings) for one in everybody)
    record_property(
        "figure",
        f"{len(everybody)} canaries in {spellings} spellings, {heard.answers} answers, {len(heard.refusals)} parts of"
        f" refusals, {len(files)} files of {size >> 20} MB: {len(found)} hits",
    )
    assert any("telemetry" in sink for sink, _, _ in files)
    measured = {
        json.loads(line)["name"]
        for sink, content, _ in files
        if sink.endswith(".metrics.jsonl")
        for line in content.splitlines()[1:]
    }
    assert measured >= MEASURED
    # A page's span and those of its calls are one trace, so that whoever looks for a fault needs no name.
    assert span_ids(files, "gateway.web", "span_id") & span_ids(files, "gateway.edge", "parent_id")
    # The pages wrote all three: spans, metrics, refusals.
    by_page = {sink: content for sink, content, _ in files if "gateway.web" in sink and b"GetRecord" in content}
    assert {sink.rpartition(".web.")[2] for sink in by_page} >= {"spans.jsonl", "metrics.jsonl"}
    assert any("gateway.web" in sink and b"page_refused" in content for sink, content, _ in files)
    assert any("logs" in sink for sink, _, _ in files)
    assert any("pg_wal" in sink for sink, _, _ in files)
    assert found == []


@pytest.mark.promise("D7")
@pytest.mark.parametrize(
    "written",
    [
        f"someone called {SURNAME.lower()} again".encode(),
        f"someone called {SURNAME} again".encode("utf-16-le"),
        f"someone called {SURNAME} again".encode().hex().encode(),
        b"eyJzIjoi" + base64.b64encode(f"x{SURNAME}y".encode()),
        b"born 19/07/2013",
        b"\x1a\x07\x08\xdd\x0f\x10\x07\x18\x13",
        b'{"number": "12345 67890"}',
        (1234567890).to_bytes(8, "little"),
        "02079460739"[::-1].encode(),
    ],
)
def test_the_search_finds_what_is_there(written: bytes) -> None:
    watched = [
        Canary.text("name", SURNAME),
        Canary.day("date", BORN),
        Canary.digits("number", "1234567890"),
        Canary.digits("telephone", TELEPHONE),
    ]
    assert hits(watched, [("a sink", bytes(99) + written + bytes(99))])
    assert not hits(watched, [("a sink", b"2013-07-18 0207946073 Quavolimbre")])


def span_ids(files: Sequence[tuple[str, bytes, bool]], process: str, which: str) -> set[str]:
    """Return one kind of id of all spans of a process."""
    written = [content for sink, content, _ in files if sink.endswith(f"{process}.spans.jsonl")]
    return {json.loads(line)[which] for content in written for line in content.splitlines()[1:]} - {""}


# what happens ---------------------------------------------------------------------------------------------------------


def user_comes(doomed: Doomed, heard: Heard) -> Account:
    """Bring the user in, with every mistake on the way; return the account."""
    town = doomed.town
    administrator = town.seat(ADMINISTRATOR).outside
    stubs = administrator.administration
    organisation = "Leeds Community Health"
    if USERNAME not in town.cast.accounts:
        inhabitants.invite(
            town.cast, administrator, (USERNAME, NAME, organisation, access.ROLE_PROTECTION_PRACTITIONER)
        )()
    account = town.cast.accounts[USERNAME]
    again = identity.AddPersonRequest(
        idempotency_key=new_key(),
        organisation_id=town.cast.organisations[organisation],
        name=NAME,
        username=USERNAME,
        email=f"{USERNAME}@example.org",
        manager_email="manager@example.org",
        proofs=["PASSPORT"],
    )
    heard.attempt(administrator, stubs.AddPerson, again)
    again.email = f"{NAME} is no address"
    heard.attempt(administrator, stubs.AddPerson, again)
    listed = identity.ListPeopleRequest(organisation_id=town.cast.organisations[organisation], page_size=200)
    heard.attempt(administrator, stubs.ListPeople, listed)
    outside = town.empty_seat(account).outside
    town.give_codes_back(account)
    for username, password, code in (
        (USERNAME, GUESSED_PASSWORD, account.code()),
        (USERNAME, account.password, "000000"),
        (USERNAME, account.password, f"{NAME[:20]}"),
        (STRANGER, GUESSED_PASSWORD, "123456"),
        (USERNAME * 40, GUESSED_PASSWORD * 40, "123456"),
        ("", GUESSED_PASSWORD, "123456"),
    ):
        request = identity.SignInRequest(username=username, password=password, code=code)
        heard.attempt(outside, outside.sign_in_service.SignIn, request, metadata=())
    enrolment = identity.CompleteEnrolmentRequest(
        link_token="w" * 43, code="12345678", password=GUESSED_PASSWORD, totp_code="123456"
    )
    heard.attempt(outside, outside.sign_in_service.CompleteEnrolment, enrolment, metadata=())
    return account


def child_lives(doomed: Doomed, heard: Heard, seat: Seat) -> str:
    """Bring the child in, and go through all that may happen to it; return its number."""
    town, outside = doomed.town, seat.outside
    supplier = town.empty_seat(Account("", "", "", SUPPLIER, ())).outside
    row = pb.SuppliedChild(
        name=_name(SURNAME, GIVEN),
        former_names=[_name(FORMER, GIVEN)],
        date_of_birth=_day(BORN),
        gender=pb.GENDER_FEMALE,
        authority="E08000035",
        address=pb.Address(state=pb.ADDRESS_STATE_CURRENT, lines=[LINE, "Leeds"], postcode=POSTCODE),
        carers=[pb.Carer(name=CARER, telephone=TELEPHONE, email=CARER_MAIL)],
        education_state=pb.EDUCATION_STATE_HOME_EDUCATED,
    )
    supply = supplier.supply.SupplyRows
    assert heard.attempt(supplier, supply, _supplied(row), metadata=())
    for spoilt in (
        {"date_of_birth": pb.DateOfBirth(year=2013, month=2, day=30)},
        {"school_urn": "999999"},
        {"name": _name(SURNAME * 30, GIVEN)},
        {"name": _name(f"{SURNAME} 4 bank account", GIVEN)},
    ):
        wrong = pb.SuppliedChild()
        wrong.CopyFrom(row)
        for name, value in spoilt.items():
            if isinstance(value, str):
                setattr(wrong, name, value)
            else:
                getattr(wrong, name).CopyFrom(value)
        heard.attempt(supplier, supply, _supplied(wrong), metadata=())
    heard.attempt(supplier, supply, _supplied(*[row] * 2_000), metadata=())

    found = heard.attempt(outside, outside.directory.SearchChildren, _search())
    assert found is not None
    assert len(found.rows) == 1
    for search in (
        _search(postcode=POSTCODE),
        _search(surname=""),
        _search(surname=FORMER),
        _search(surname=SURNAME * 20),
        pb.SearchChildrenRequest(surname=SURNAME, given_names=GIVEN, date_of_birth=pb.DateOfBirth(year=2013, month=77)),
        pb.SearchChildrenRequest(surname=SURNAME),
    ):
        heard.attempt(outside, outside.directory.SearchChildren, search)
    handle = found.rows[0].handle
    opened = heard.attempt(outside, outside.directory.OpenRecord, pb.OpenRecordRequest(handle=handle, reason=_reason()))
    assert opened is not None
    assert opened.name.full.surname == SURNAME
    number = str(opened.number)
    heard.attempt(outside, outside.directory.OpenHome, pb.OpenHomeRequest(handle=handle, reason=_reason()))
    by_number = pb.NumberClaim(number=number, surname=SURNAME, date_of_birth=_day(BORN))
    heard.attempt(outside, outside.directory.OpenRecord, pb.OpenRecordRequest(number=by_number, reason=_reason()))
    by_number.surname = CREATED_SURNAME
    heard.attempt(outside, outside.directory.OpenRecord, pb.OpenRecordRequest(number=by_number, reason=_reason()))
    by_number.number = number[:9] + str((int(number[9]) + 1) % 10)
    heard.attempt(outside, outside.directory.OpenHome, pb.OpenHomeRequest(number=by_number, reason=_reason()))
    heard.attempt(outside, outside.directory.OpenRecord, pb.OpenRecordRequest(handle=handle))

    started = heard.attempt(outside, outside.directory.StartInvolvement, _involvement(doomed, handle))
    assert started is not None
    named = {"handle": handle, "involvement_id": started.involvement_id}
    for act, request in (
        ("ConfirmInvolvement", pb.ConfirmInvolvementRequest),
        ("MarkInvolvement", pb.MarkInvolvementRequest),
        ("ReportContactWrong", pb.ReportContactWrongRequest),
        ("EndInvolvement", pb.EndInvolvementRequest),
        ("EndInvolvement", pb.EndInvolvementRequest),
    ):
        heard.attempt(outside, getattr(outside.directory, act), request(idempotency_key=new_key(), **named))
    wrong_involvement = _involvement(doomed, handle)
    wrong_involvement.email = f"{PRACTITIONER} has none"
    heard.attempt(outside, outside.directory.StartInvolvement, wrong_involvement)

    another_is_created(heard, outside)
    child_is_hidden_and_watched(doomed, heard, seat, handle, number)
    return number


def another_is_created(heard: Heard, outside: Outside) -> None:
    """Search for a child who is not there, and create it, with every mistake on the way."""
    empty = heard.attempt(
        outside,
        outside.directory.SearchChildren,
        pb.SearchChildrenRequest(surname=CREATED_SURNAME, given_names=CREATED_GIVEN, date_of_birth=_day(CREATED_BORN)),
    )
    creation = pb.CreateChildRequest(
        idempotency_key=new_key(),
        search_handle=empty.search_handle,
        name=_name(CREATED_SURNAME, CREATED_GIVEN),
        date_of_birth=_day(CREATED_BORN),
        address=pb.Address(state=pb.ADDRESS_STATE_CURRENT, lines=[LINE], postcode=POSTCODE),
        carers=[pb.Carer(name=CARER, telephone=TELEPHONE)],
    )
    heard.attempt(outside, outside.directory.CreateChild, creation)
    heard.attempt(outside, outside.directory.CreateChild, creation)
    creation.carers[0].name = f"{CARER} the second"
    heard.attempt(outside, outside.directory.CreateChild, creation)
    creation.idempotency_key, creation.address.postcode = new_key(), f"{POSTCODE} {LINE}"
    heard.attempt(outside, outside.directory.CreateChild, creation)


def child_is_hidden_and_watched(doomed: Doomed, heard: Heard, seat: Seat, handle: bytes, number: str) -> None:
    """Limit the child, try to see it all the same, and read who did."""
    outside = seat.outside
    interim = shielding.ImposeInterimShieldRequest(
        idempotency_key=new_key(), handle=handle, ground=shielding.GROUND_DOMESTIC_ABUSE
    )
    heard.attempt(outside, outside.shielding.ImposeInterimShield, interim)
    heard.attempt(outside, outside.directory.OpenHome, pb.OpenHomeRequest(handle=handle, reason=_reason()))
    heard.attempt(outside, outside.directory.SearchChildren, _search(postcode=POSTCODE))
    heard.attempt(outside, outside.review.ListOwnLooks, review.ListOwnLooksRequest())
    auditor = doomed.town.seat("central.auditor").outside
    identified = pb.IdentifyChildRequest(
        number=number, name=_name(SURNAME, GIVEN), date_of_birth=_day(BORN), reason=_reason()
    )
    known = heard.attempt(auditor, auditor.directory.IdentifyChild, identified)
    if known is not None:
        heard.attempt(auditor, auditor.review.WhoLookedAt, review.WhoLookedAtRequest(handle=known.handle))


class Browser:
    """The user at the pages, who types the child, and other people, into every kind of place."""

    def __init__(self, doomed: Doomed, account: Account) -> None:
        self.statuses: set[int] = set()
        self.client = signed_in(doomed.town, account.username)

    def looks_a_child_up(self, number: str) -> None:
        """Search, open with a reason, open the home, open by number, with mistakes on the way."""
        self._sends("/search", self._gets("/search"), {"surname": SURNAME, "given-names": "?", "postcode": TELEPHONE})
        found = self._sends("/search", self._gets("/search"), _TYPED)
        child = re.search(r'name="child" value="([^"]+)"', found.text)
        # She may be limited by now: then a name that was typed is all that pages have of her.
        chosen = {"child": unescape(child[1])} if child else {}
        asked = self._sends("/record/choose", found, chosen)
        self._sends("/record/reason", asked, {"reason": "OTHER", "reason-text": "short"})
        opened = self._sends("/record/reason", asked, {"reason": "OTHER", "reason-text": REASON_TEXT})
        home = self._sends("/home-address/choose", opened, chosen)
        self._sends("/home-address/reason", home, {"reason": "OTHER", "reason-text": REASON_TEXT})
        by_number = {**_TYPED, "number": number, "reason": "OTHER", "reason-text": REASON_TEXT}
        self._sends("/record/number", self._gets("/record/number"), by_number)
        self._gets("/own-looks")

    def types_nonsense(self) -> None:
        """Say names where no name belongs: in addresses, headers, cookies, methods, broken forms, wrong sign-ins."""
        client, stranger = self.client, Plain(self.client.origin, self.client.authority)
        form = self._gets("/policy")
        for path in (
            f"/{SURNAME}/{GIVEN}",
            f"/record?page={SURNAME}",
            f"/search?surname={SURNAME}&number={TELEPHONE.replace(' ', '')}",
            f"/assets/{SURNAME}.css",
            f"/sign-in?why={USERNAME}",
            f"/search?{SURNAME * 60}",
        ):
            self._note(client.get(path, Referer=f"{client.origin}/{SURNAME}", User_Agent=GIVEN))
            self._note(stranger.get(path, Cookie=f"__Host-session={SURNAME}; {SURNAME}={GIVEN}", Traceparent=SURNAME))
        self._note(client.get("/about", Host=f"{SURNAME}.example"))
        self._note(client.get("/children", Sec_Fetch_Site=SURNAME))
        self._note(client.post("/search", {**hidden_fields(form.text), **_TYPED}, Origin=f"https://{SURNAME}.example"))
        self._note(client.post("/search", {**hidden_fields(form.text), SURNAME * 9: GIVEN}))
        self._note(client.post("/search", {**_TYPED, "csrf": SURNAME}))
        self._note(client.post("/record/reason", {**hidden_fields(form.text), "page": SURNAME, "reason": SURNAME}))
        self._note(client.post("/record/choose", {**hidden_fields(form.text), "child": SURNAME}))
        self._sends("/search", form, _TYPED)
        entry = stranger.get("/sign-in")
        for username, code in ((USERNAME, "000000"), (STRANGER, "123456"), (f"{NAME}\0", NAME)):
            said = {"username": username, "password": GUESSED_PASSWORD, "code": code}
            self._note(stranger.post("/sign-in", {**hidden_fields(entry.text), **said}))

    def _gets(self, path: str) -> Answer:
        answer = self._note(self.client.get(path))
        return self._gets(answer.location) if answer.status == 303 else answer

    def _sends(self, path: str, page: Answer, typed: Mapping[str, str]) -> Answer:
        answer = self._note(self.client.post(path, {**hidden_fields(page.text), **typed}))
        return self._gets(answer.location) if answer.status == 303 else answer

    def _note(self, answer: Answer) -> Answer:
        self.statuses.add(answer.status)
        return answer


def nonsense(heard: Heard, seat: Seat) -> None:
    """Say the child's name where no name belongs."""
    outside, raw = seat.outside, _search().SerializeToString()
    service = "/contactpoint.directory.v1.DirectoryService"

    def call(path: str) -> Any:
        return outside.channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)

    bearer = ("authorization", f"Bearer {outside.session}")
    for path, content, metadata in (
        (f"{service}/SearchChildren", raw * 5_000, (bearer,)),
        (f"{service}/SearchChildren", b"\xff" + raw, (bearer,)),
        (f"{service}/OpenRecord", raw, (bearer,)),
        (f"{service}/Open{SURNAME}", raw, (bearer,)),
        (f"/{SURNAME}.{GIVEN}/{TELEPHONE.replace(' ', '')}", raw, (bearer,)),
        (f"{service}/SearchChildren", raw, (bearer, ("x-user-id", USERNAME))),
        (f"{service}/SearchChildren", raw, (bearer, (f"x-{SURNAME.lower()}", SURNAME))),
        (f"{service}/SearchChildren", raw, (bearer, ("contactpoint-act", SURNAME))),
        (f"{service}/SearchChildren", raw, (bearer, ("traceparent", f"00-{SURNAME}-{GIVEN}-01"))),
        (f"{service}/SearchChildren", raw, (bearer, ("tracestate", f"child={SURNAME}"), ("baggage", f"c={SURNAME}"))),
        (f"{service}/SearchChildren", raw, (bearer, ("user-agent", SURNAME))),
        (f"{service}/SearchChildren", raw, (("authorization", f"Bearer {SURNAME}{GIVEN}"),)),
        (f"{service}/SearchChildren", raw, (("authorization", f"Basic {SURNAME}"),)),
        (f"{service}/SearchChildren", raw, (bearer, ("big-bin", raw * 400))),
    ):
        heard.attempt(outside, call(path), content, metadata=metadata)
    heard.attempt(outside, outside.directory.SearchChildren, _search(), seconds=0.003)


def everything_once(doomed: Doomed, heard: Heard, seat: Seat, account: Account) -> None:
    """Do one act of each kind, whatever becomes of it."""
    outside = seat.outside
    handle = bytes(64)
    for method, request in (
        (outside.directory.SearchChildren, _search()),
        (outside.directory.OpenRecord, pb.OpenRecordRequest(handle=handle, reason=_reason())),
        (outside.directory.OpenHome, pb.OpenHomeRequest(handle=handle, reason=_reason())),
        (outside.directory.StartInvolvement, _involvement(doomed, handle)),
        (
            outside.directory.CreateChild,
            pb.CreateChildRequest(
                idempotency_key=new_key(),
                search_handle=handle,
                name=_name(SURNAME, GIVEN),
                date_of_birth=_day(BORN),
            ),
        ),
        (
            outside.sign_in_service.SignIn,
            identity.SignInRequest(username=account.username, password=account.password, code="123456"),
        ),
    ):
        heard.attempt(outside, method, request, seconds=0.8)
    administrator = doomed.town.seat(ADMINISTRATOR).outside
    person = identity.AddPersonRequest(
        idempotency_key=new_key(),
        organisation_id=doomed.cast.organisations["Leeds Community Health"],
        name=NAME,
        username=f"{USERNAME}.too",
        email=f"{USERNAME}@example.org",
        manager_email="manager@example.org",
        proofs=["PASSPORT"],
    )
    heard.attempt(administrator, administrator.administration.AddPerson, person, seconds=0.8)
    supplier = doomed.town.empty_seat(Account("", "", "", SUPPLIER, ())).outside
    row = pb.SuppliedChild(name=_name(SURNAME, GIVEN), date_of_birth=_day(BORN), authority="E08000035")
    heard.attempt(supplier, supplier.supply.SupplyRows, _supplied(row), seconds=0.8, metadata=())


@contextmanager
def database_gone(suite: Suite) -> Iterator[None]:
    """Stop the PostgreSQL of all but the ledger."""
    suite.process("postgres").stop()
    try:
        yield
    finally:
        suite.process("postgres").start()
        for name in PROCESSES:
            suite.process(name).wait_healthy()


@contextmanager
def tables_gone(doomed: Doomed) -> Iterator[None]:
    """Take tables away, which no process has planned for: the errors that nobody thought of."""
    tables = (
        ("directory", "record"),
        ("directory", "index_delta"),
        ("identity", "guesses"),
        ("shielding", "shield_case"),
    )
    rename: Any = "ALTER TABLE {} RENAME TO {}".format
    for database, table in tables:
        doomed.suite.psql(database, rename(table, f"{table}_away"))
    try:
        yield
    finally:
        for database, table in tables:
            doomed.suite.psql(database, rename(f"{table}_away", table))


@contextmanager
def ledger_killed(doomed: Doomed) -> Iterator[None]:
    """Keep the ledger away."""
    doomed.suite.process("audit.ledger").stop()
    try:
        yield
    finally:
        doomed.suite.process("audit.ledger").start()
        doomed.wait_until_the_ledger_leads()


@contextmanager
def stopped(suite: Suite) -> Iterator[None]:
    """Stop everything that writes, and start it again."""
    names = [*PROCESSES, *(name for name in (suite.status() or {})["children"] if name.startswith("postgres"))]
    for name in names:
        suite.process(name).stop()
    try:
        yield
    finally:
        for name in reversed(names):
            suite.process(name).start()


# where it is looked for -----------------------------------------------------------------------------------------------


def told_and_running(doomed: Doomed, heard: Heard) -> Iterator[tuple[str, bytes]]:
    """Yield what callers were told, what Valkey holds, and arguments and environment of every process."""
    yield "what callers were told", b"\n".join(heard.refusals)
    suite = doomed.suite
    client = redis.Redis.from_url(suite.redis_url)
    for key in client.scan_iter():
        yield f"valkey {key!r}", bytes(key) + b"\n" + bytes(client.dump(key) or b"")
    yield "valkey's slow log and clients", repr((client.slowlog_get(128), client.client_list())).encode()
    client.close()
    children = (suite.status() or {})["children"].values()
    numbers = {child["pid"]["number"] for child in children if child["pid"]}
    for data in (suite.layout.postgres / "data", doomed.postgres_data()):
        numbers |= {pid.number for pid in working_in(data)}
    for number in numbers:
        for name in ("cmdline", "environ", "comm"):
            with suppress(OSError):
                yield f"/proc/{number}/{name}", Path(f"/proc/{number}/{name}").read_bytes()


def written_files(doomed: Doomed, identitys: int, *, since: float) -> Iterator[tuple[str, bytes, bool]]:
    """Yield every file written since, and whether it is identity's own storage, where users' names are at home.

    Left out are the outbox of mails, whose purpose is to carry a name and a link, and what the tests themselves keep of
    accounts (endpoints.json).
    """
    layout = doomed.suite.layout
    for root in (layout.root, doomed.disk.path):
        for path in root.rglob("*"):
            if path.is_relative_to(layout.mail) or path.name in {"endpoints.json", "endpoints.lock"}:
                continue
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime >= since - 1:
                    inside = path.relative_to(root)
                    is_main = path.is_relative_to(layout.postgres)
                    is_identitys = is_main and (f"/base/{identitys}/" in str(path) or "pg_wal" in path.parts)
                    yield str(inside), os.fsencode(inside) + b"\n" + path.read_bytes(), is_identitys


def _name(surname: str, given_names: str) -> pb.ChildName:
    return pb.ChildName(full=pb.FullName(surname=surname, given_names=given_names))


def _day(day: date) -> pb.DateOfBirth:
    return pb.DateOfBirth(year=day.year, month=day.month, day=day.day)


def _reason() -> pb.Reason:
    return pb.Reason(code=pb.REASON_CODE_OTHER, text=REASON_TEXT)


def _search(**changed: Any) -> pb.SearchChildrenRequest:
    said: dict[str, Any] = {"surname": SURNAME, "given_names": GIVEN, "date_of_birth": _day(BORN)}
    return pb.SearchChildrenRequest(**said | changed)


def _supplied(*rows: pb.SuppliedChild) -> pb.SupplyRowsRequest:
    return pb.SupplyRowsRequest(idempotency_key=new_key(), children=rows)


def _involvement(doomed: Doomed, handle: bytes) -> pb.StartInvolvementRequest:
    return pb.StartInvolvementRequest(
        idempotency_key=new_key(),
        handle=handle,
        kind=pb.INVOLVEMENT_KIND_ADDITIONAL,
        provider_id="00000000-0000-4000-8000-000000000000" if handle == bytes(64) else _provider(doomed.suite),
        practitioner=PRACTITIONER,
        telephone=TELEPHONE,
        email="perravolith@example.org",
    )


def _provider(suite: Suite) -> str:
    return str(suite.psql("directory", "SELECT provider_id FROM provider WHERE kind = 4 LIMIT 1")[0][0])
