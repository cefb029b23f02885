"""The public files over a real ledger's contract, a real folder and a real PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from clients.verify_log.__main__ import main as verify_log
from services.audit.review.ports import Published, SizeWentBack
from services.audit.review.storage.log_folder import FileLogFolder
from services.audit.review.storage.newest_receipt import SqlNewestReceipt
from services.audit.review.storage.published_log import SqlPublishedLog
from services.audit.review.use_cases.publish import Publish
from services.runtime.database import periodic
from services.runtime.receipts import ReceiptGuard
from tests.rpc.audit_review.conftest import SIGNER, FakeLedger, Stage
from tests.support.postgres import TestDatabase, migrated, running_postgres


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(Path(tmp_path_factory.mktemp("pg"))) as server:
        yield migrated(server, "audit.review")


@pytest.fixture
def engine(database: TestDatabase) -> Iterator[Engine]:
    owner = database.owner_engine()
    with owner.begin() as connection:
        connection.execute(sa.text("TRUNCATE newest_receipt, published_log"))
    owner.dispose()
    made = database.engine()
    yield made
    made.dispose()


def test_what_was_published_is_remembered_and_never_shrinks(engine: Engine) -> None:
    kept = SqlPublishedLog(engine)
    assert kept.newest() is None
    kept.keep(Published(10, b"r" * 32, "key"))
    kept.keep(Published(10, b"r" * 32, "key"))
    kept.keep(Published(12, b"s" * 32, "key"))
    with pytest.raises(SizeWentBack):
        kept.keep(Published(11, b"t" * 32, "key"))
    assert SqlPublishedLog(engine).newest() == Published(12, b"s" * 32, "key")


def test_the_newest_receipt_is_remembered_and_never_shrinks(engine: Engine) -> None:
    kept = SqlNewestReceipt(engine)
    assert kept.load() == -1
    for index, newest in ((0, 0), (7, 7), (3, 7)):
        kept.keep(index)
        assert SqlNewestReceipt(engine).load() == newest
    guard = ReceiptGuard(kept)
    guard.saw(9)
    guard.write()
    assert SqlNewestReceipt(engine).load() == 9


@pytest.mark.parametrize(
    "statement", ["DELETE FROM published_log", "TRUNCATE newest_receipt", "DROP TABLE published_log"]
)
def test_the_role_that_serves_cannot_make_it_forget(engine: Engine, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError), engine.begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.promise("A2")
def test_the_files_follow_the_ledger_by_themselves(stage: Stage, engine: Engine, tmp_path: Path) -> None:
    root, counted = tmp_path / "log", list[str]()
    publish = Publish(
        log=stage.log, folder=FileLogFolder(root), published=SqlPublishedLog(engine), count=counted.append
    )
    loop = periodic(engine=engine, advisory_lock_id=1, seconds=0.05, work=publish, name="publish")
    stopping = threading.Event()
    thread = threading.Thread(target=loop, args=(stopping,))
    thread.start()
    try:
        for more in (0, 5000, 12_000):
            stage.ledger.leaves += FakeLedger(0).leaves + [index.to_bytes(32, "big") for index in range(more)]
            size = len(stage.ledger.leaves)
            assert _within_seconds(10, lambda size=size: _size(root) == size)
            assert verify_log(["--folder", str(root), "--key", SIGNER.vkey], lambda _: None) == 0
        taken, stage.ledger.leaves = stage.ledger.leaves, stage.ledger.leaves[:100]
        assert _within_seconds(5, lambda: counted[-1] == "SIZE_WENT_BACK")
        assert _size(root) == len(taken)
    finally:
        stopping.set()
        thread.join()
    newest = SqlPublishedLog(engine).newest()
    assert newest is not None
    assert newest.size == len(taken)


def _size(root: Path) -> int:
    try:
        return int((root / "checkpoint").read_text().split("\n")[1])
    except FileNotFoundError:
        return -1


def _within_seconds(seconds: float, is_true: object) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if callable(is_true) and is_true():
            return True
        time.sleep(0.02)
    return False
