"""S5: an older directory opens nothing that was limited since; an older ledger is believed by nobody."""

from __future__ import annotations

import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from contactpoint.audit.ledger.v1 import entry_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as ledger_rpc
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding
from google.protobuf.message import Message

from deploy.local.population.child import Child
from deploy.local.postgres import binaries
from deploy.local.settlement.inhabitants import SUPPLIER
from deploy.local.settlement.outside import Refused, new_key
from deploy.local.suite import Suite
from tests.support.crowd import CONCERN, OPEN_HOME, OPEN_RECORD, SEARCH, handle_of, tell, whole_name
from tests.support.doomed import LEDGERS_POSTGRES, Doomed, doomed_town
from tests.support.log_book import LogBook
from tests.support.town import Seat

START_INVOLVEMENT = "/contactpoint.directory.v1.DirectoryService/StartInvolvement"
BEHIND = "LEDGER_BEHIND"
# What a caller knows outlives it a second later.
KEPT_AFTER_SECONDS = 1.5
REACHED_WITHIN_SECONDS = 10.0


@pytest.fixture
def doomed(pytestconfig: pytest.Config) -> Doomed:
    return doomed_town(pytestconfig)


# the directory --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limited:
    """A child who was limited after the directory's copy was made, and what the nurse held of the child before."""

    child: Child
    nurse: Seat
    handle: bytes
    number: int


@pytest.fixture(scope="module")
def limited_since(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Limited:
    """Return a child in a suite whose directory was taken back to before the child was limited."""
    doomed = doomed_town(pytestconfig)
    nurse, child = doomed.town.seat("nurse"), doomed.next_child()
    handle = handle_of(nurse.outside, child)
    record = tell(nurse.outside, "", OPEN_RECORD, pb.OpenRecordRequest(handle=handle, reason=CONCERN)).answer
    home = tell(nurse.outside, "", OPEN_HOME, pb.OpenHomeRequest(handle=handle, reason=CONCERN)).answer
    assert not record.is_limited
    assert home.HasField("address")
    with taken_back(doomed.suite, tmp_path_factory.mktemp("dump") / "directory.dump"):
        shield(doomed.town.seat("social.worker"), child)
    doomed.wait_until_searches_answer()
    return Limited(child, nurse, handle, int(record.number))


@contextmanager
def taken_back(suite: Suite, dump: Path) -> Iterator[None]:
    """Take the directory's database back to where it was before the block."""
    url = suite.database_url("directory", role="admin")
    subprocess.run([binaries() / "pg_dump", "--format=custom", f"--file={dump}", f"--dbname={url}"], check=True)
    yield
    suite.process("directory").stop()
    restore: list[str | Path] = [
        "--clean",
        "--if-exists",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={url}",
        dump,
    ]
    subprocess.run([binaries() / "pg_restore", *restore], check=True)
    suite.process("directory").start()


def test_through_the_restored_directory_only_the_limited_form_is_seen(limited_since: Limited) -> None:
    nurse, child = limited_since.nurse, limited_since.child
    handles = [limited_since.handle, handle_of(nurse.outside, child)]
    for handle in handles:
        record = tell(nurse.outside, "", OPEN_RECORD, pb.OpenRecordRequest(handle=handle, reason=CONCERN))
        assert record.answer is None or (record.answer.is_limited and not is_more_than_limited(record.answer))
        home = tell(nurse.outside, "", OPEN_HOME, pb.OpenHomeRequest(handle=handle, reason=CONCERN))
        assert home.answer is None or (not home.answer.HasField("address") and not home.answer.carers)
    found = tell(nurse.outside, "", SEARCH, whole_name(child)).answer
    assert [row.is_limited for row in found.rows] == [True]


def test_a_directory_taken_over_is_given_no_key_of_what_is_hidden(
    doomed: Doomed, limited_since: Limited, record_property: Callable[[str, object], None]
) -> None:
    nurse, asked = limited_since.nurse, 0
    names: list[dict[str, object]] = [
        {"handle": limited_since.handle},
        {"handle": handle_of(nurse.outside, limited_since.child)},
        {"number": limited_since.number, "whole_current_name": True},
        {"number": limited_since.number},
    ]
    for method in (OPEN_RECORD, OPEN_HOME, START_INVOLVEMENT, SEARCH):
        for section in (entry_pb2.SECTION_SERVICES, entry_pb2.SECTION_HOME, entry_pb2.SECTION_SENSITIVE):
            for name in names:
                reason = ledger.Reason(code="SAFEGUARDING_CONCERN")
                request = ledger.EnterLookRequest(reason=reason, section=section, **name)  # type: ignore[arg-type]
                for key in keys_for(doomed, nurse, method, request):
                    assert key.section == entry_pb2.SECTION_IDENTITY, (method, section, name.keys())
                asked += 1
    record_property("figure", f"{asked} ways for a directory taken over to ask for a child limited since: 0 keys")


def test_a_directory_taken_over_is_given_no_key_of_others_by_pretending_to_write(
    doomed: Doomed, limited_since: Limited
) -> None:
    """Who writes is given the keys of what he replaces: his own statements, whatever the directory says is his."""
    nurse = limited_since.nurse
    supplier = uuid.UUID(doomed.cast.organisations[SUPPLIER])
    own = uuid.UUID(doomed.cast.organisations[nurse.account.organisation])
    for section in (entry_pb2.SECTION_SERVICES, entry_pb2.SECTION_HOME, entry_pb2.SECTION_IDENTITY):
        for source in (supplier, own):
            effect = ledger.WriteStatementsEffect(
                handle=handle_of(nurse.outside, limited_since.child), section=section, source=source.bytes
            )
            request = ledger.EnterRequest(idempotency_key=new_key(), write_statements=effect)
            keys = keys_for(doomed, nurse, START_INVOLVEMENT, request)
            assert not [key for key in keys if key.version and key.source != own.bytes], (section, source == own)


def keys_for(
    doomed: Doomed, seat: Seat, method: str, request: ledger.EnterLookRequest | ledger.EnterRequest
) -> list[ledger.StatementKey]:
    """Return the keys of what stands that the directory's own certificate is given with a person's true token."""
    token = doomed.town.token(seat, method, b"")
    with doomed.town.inside.channel("audit.ledger", as_process="directory") as channel:
        stub = ledger_rpc.LedgerServiceStub(channel)
        act = stub.EnterLook if isinstance(request, ledger.EnterLookRequest) else stub.Enter
        try:
            answer = doomed.town.inside.call(act, request, metadata=(("contactpoint-act", token),))
        except Refused:
            return []
    return list(answer.keys if isinstance(answer, ledger.EnterLookResponse) else answer.head_keys)


def is_more_than_limited(record: pb.OpenRecordResponse) -> bool:
    hidden = record.former_names or record.involvements
    return bool(hidden) or record.HasField("education") or record.HasField("gp_practice")


# the ledger -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OldLedger:
    """The folder of the ledger's PostgreSQL, as it was, as it is, and as somebody puts it back."""

    doomed: Doomed
    folder: Path

    def copy(self) -> int:
        """Keep the folder as it is now; return how many entries it holds."""
        with self._stopped():
            self._take(self.doomed.postgres_data(), self.folder / "older")
        self.doomed.wait_until_searches_answer()
        return LogBook(self.doomed.suite).size()

    def put_back(self) -> int:
        """Put the copy in the place of the folder; return how many entries that one held."""
        held = LogBook(self.doomed.suite).size()
        with self._stopped():
            self._take(self.doomed.postgres_data(), self.folder / "newest")
            self._take(self.folder / "older", self.doomed.postgres_data())
        return held

    def repent(self) -> None:
        """Put the newest folder back, if another is in its place."""
        if (self.folder / "newest").exists():
            with self._stopped():
                self._take(self.folder / "newest", self.doomed.postgres_data())

    @contextmanager
    def _stopped(self) -> Iterator[None]:
        suite = self.doomed.suite
        suite.process("audit.ledger").stop()
        suite.process(LEDGERS_POSTGRES).stop()
        yield
        suite.process(LEDGERS_POSTGRES).start()
        suite.process("audit.ledger").start()

    @staticmethod
    def _take(source: Path, target: Path) -> None:
        shutil.rmtree(target, ignore_errors=True)
        subprocess.run(["cp", "-a", source, target], check=True)


@dataclass(frozen=True)
class Callers:
    """What people do through each of the ledger's callers; every act says "" or how it was refused."""

    doomed: Doomed
    nurse: Seat
    officer: Seat
    administrator: Seat
    child: Child
    handle: bytes
    other_handle: bytes

    def open_record(self) -> str:
        request = pb.OpenRecordRequest(handle=self.handle, reason=CONCERN)
        return _refusal(self.nurse, self.nurse.outside.directory.OpenRecord, request)

    def search(self) -> str:
        return _refusal(self.nurse, self.nurse.outside.directory.SearchChildren, whole_name(self.child))

    def impose(self) -> str:
        request = shielding.ImposeInterimShieldRequest(
            idempotency_key=new_key(), handle=self.other_handle, ground=shielding.GROUND_ADOPTION
        )
        return _refusal(self.officer, self.officer.outside.shielding.ImposeInterimShield, request)

    def record_condition(self) -> str:
        person = self.doomed.cast.accounts["health.visitor"].person_id
        request = identity.RecordConditionRequest(
            idempotency_key=new_key(), person_id=person, is_barred_list_clear=True
        )
        return _refusal(self.administrator, self.administrator.outside.administration.RecordCondition, request)


def test_nobody_believes_an_older_ledger(
    doomed: Doomed, tmp_path: Path, is_full: bool, record_property: Callable[[str, object], None]
) -> None:
    town = doomed.town
    nurse, officer, child = town.seat("nurse"), town.seat("social.worker"), doomed.next_child()
    callers = Callers(
        doomed,
        nurse,
        officer,
        town.seat("national.administrator"),
        child,
        handle_of(nurse.outside, child),
        handle_of(officer.outside, doomed.next_child()),
    )
    ledger_files = OldLedger(doomed, tmp_path)
    copied = ledger_files.copy()
    # What the copy does not know: the child is limited, and every caller holds newer receipts.
    shield(officer, child)
    assert once_reached(callers.record_condition) == ""
    for _ in range(3):
        assert callers.open_record() == ""
    time.sleep(KEPT_AFTER_SECONDS)
    missing = ledger_files.put_back() - copied
    try:
        # More often than entries are missing: a log does not become whole by growing.
        tried = [once_reached(act) for act in (callers.open_record, callers.search, callers.impose)]
        tried += [act() for _ in range(missing + 3) for act in (callers.open_record, callers.search, callers.impose)]
        assert set(tried) == {BEHIND}
        # An act that could not be entered stays pending, and a second one on its subject waits for it.
        others = [once_reached(callers.record_condition) for _ in range(3)]
        assert set(others) <= {BEHIND, "BEING_CHANGED"}
        # What they hold is theirs beyond their own end.
        for name in ("directory", "shielding", "identity") if is_full else ():
            doomed.suite.process(name).kill()
            if name != "directory":
                doomed.suite.process(name).wait_healthy()
        again = [act() for act in (callers.open_record, callers.search, callers.impose, callers.record_condition)]
        assert all(again), again
    finally:
        ledger_files.repent()
    doomed.suite.process("directory").wait_healthy()
    doomed.wait_until_searches_answer()
    assert (callers.search(), callers.open_record()) == ("", "")
    LogBook(doomed.suite).check()
    count = len(tried) + len(others) + len(again)
    record_property("figure", f"a ledger {missing} entries older: {count} calls of three callers, 0 believed")


def once_reached(act: Callable[[], str]) -> str:
    """Return how an act was refused once its way to the ledger, which was gone for a moment, is there again."""
    end = time.monotonic() + REACHED_WITHIN_SECONDS
    while (said := act()) == "DEPENDENCY_UNAVAILABLE" and time.monotonic() < end:
        time.sleep(0.1)
    return said


def _refusal(seat: Seat, method: Callable[..., Message], request: Message) -> str:
    try:
        seat.outside.call(method, request)
    except Refused as refused:
        return refused.reason or refused.status
    return ""


def shield(officer: Seat, child: Child) -> None:
    """Limit a child's record."""
    request = shielding.ImposeInterimShieldRequest(
        idempotency_key=new_key(),
        handle=handle_of(officer.outside, child),
        ground=shielding.GROUND_WITNESS_PROTECTION,
    )
    said = once_reached(lambda: _refusal(officer, officer.outside.shielding.ImposeInterimShield, request))
    assert said == "", said
