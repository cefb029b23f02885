"""R3: what each seal is bound to, taken away piece by piece: the place alone must refuse, with the very same key."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.engine import Engine

from services.audit.ledger.domain.key_row import KeyRow, State
from services.audit.ledger.domain.keyring import KeyMaterial, Keyring, Unreadable
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from services.directory.errors import IndexRefused
from services.directory.index import sealing
from services.directory.storage.container import BOX_SIZE, Containers, StatementLock, StatementName
from services.directory.storage.index_log import IndexLog
from services.identity.sealing import SealBroken, Seals
from services.runtime.database import transaction
from services.shielding.sealing import Sealing
from tests.builders.directory_entries import BORN, KEY, an_entry
from tests.support.postgres import TestDatabase, migrated, running_postgres

RecordProperty = Callable[[str, object], None]
pytestmark = pytest.mark.promise("R3")

ROW, SOURCE = b"r" * 32, b"s" * 16
NAME = StatementName(section=1, source=SOURCE, version=3)


# the directory's containers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row, name",
    [
        (b"R" * 32, NAME),
        (ROW, StatementName(section=2, source=SOURCE, version=3)),
        (ROW, StatementName(section=1, source=b"S" * 16, version=3)),
        (ROW, StatementName(section=1, source=SOURCE, version=2)),
        (ROW, StatementName(section=1, source=SOURCE, version=4)),
    ],
    ids=["another row", "another section", "another source", "an older version", "a newer version"],
)
def test_a_box_opens_in_its_row_section_source_and_version_alone(row: bytes, name: StatementName) -> None:
    containers, key = Containers(secrets.token_bytes(32)), secrets.token_bytes(32)
    container = containers.made(ROW, [(StatementLock(NAME, key), b"content" * 50)])
    assert containers.opened(ROW, container, StatementLock(NAME, key)) == b"content" * 50
    assert containers.opened(row, container, StatementLock(name, key)) is None


def test_a_dummy_is_known_in_its_own_row_alone() -> None:
    containers = Containers(secrets.token_bytes(32))
    empty = containers.made(ROW, [])
    assert containers.count_in_use(ROW, empty) == 0
    assert containers.count_in_use(b"R" * 32, empty) == len(empty) // BOX_SIZE


# the ledger's rows ----------------------------------------------------------------------------------------------------


def keyring(environment: str = "synthetic", *, month: int = 24_000) -> Keyring:
    keys = {name: bytes([at]) * 32 for at, name in enumerate(("month_key", "act_key", "index_key", "checkpoint_key"))}
    return Keyring(environment=environment, material=KeyMaterial(month=month, **keys))


ROW_OF_A_CHILD = KeyRow(number=1_234_567_890, root_key=bytes(32), state=State.OPEN, authority="E08000035")
SEALS: dict[str, tuple[Callable[[Keyring, int], Any], Callable[[Keyring, int, Any], Any]]] = {
    "key row": (
        lambda ring, place: ring.seal_row(bytes([place]) * 32, ROW_OF_A_CHILD),
        lambda ring, place, sealed: ring.open_row(bytes([place]) * 32, sealed),
    ),
    "body of an entry": (
        lambda ring, place: ring.seal_body(place, b"body")[0],
        lambda ring, place, sealed: ring.open_body(place, sealed),
    ),
    "state": (
        lambda ring, place: ring.seal_state(place, 1_234_567_890),
        lambda ring, place, sealed: ring.open_state(place, sealed),
    ),
    "standing": (
        lambda ring, place: ring.seal_standing(bytes([place]) * 32, b"d" * 32),
        lambda ring, place, sealed: ring.open_standing(bytes([place]) * 32, sealed),
    ),
    "act": (
        lambda ring, place: ring.seal_act(bytes([place]) * 32, b"act"),
        lambda ring, place, sealed: ring.open_act(bytes([place]) * 32, sealed),
    ),
    "candidates of a search": (
        lambda ring, place: ring.seal_candidates(str(uuid.UUID(int=place)), (1, 2)),
        lambda ring, place, sealed: ring.open_candidates(str(uuid.UUID(int=place)), sealed),
    ),
    "page token": (
        lambda ring, place: ring.seal_page(b"page", str(place)),
        lambda ring, place, sealed: ring.open_page(sealed, str(place)),
    ),
}


@pytest.mark.parametrize("what", SEALS)
def test_what_the_ledger_seals_opens_at_its_place_alone(what: str) -> None:
    seal, unseal = SEALS[what]
    sealed = seal(keyring(), 7)
    unseal(keyring(), 7, sealed)
    for ring, place, changed in (
        (keyring(), 8, sealed),
        (keyring("production"), 7, sealed),
        (keyring(month=24_001), 7, sealed),
        (keyring(), 7, sealed[:-1]),
        (keyring(), 7, sealed[:5]),
        (keyring(), 7, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(Unreadable):
            unseal(ring, place, changed)


def test_a_wrapped_key_is_unwrapped_under_its_own_name_alone() -> None:
    wrapping = FileKeyWrapping(bytes(32), environment="synthetic")
    wrapped = wrapping.wrap(b"k" * 32, "month/24000")
    assert wrapping.unwrap(wrapped, "month/24000") == b"k" * 32
    for other, name in ((wrapping, "month/24001"), (FileKeyWrapping(bytes(32), environment="live"), "month/24000")):
        with pytest.raises(ValueError, match="not wrapped"):
            other.unwrap(wrapped, name)


# shielding and identity -----------------------------------------------------------------------------------------------


def test_what_shielding_seals_opens_at_its_place_and_for_its_use_alone() -> None:
    seals = Sealing(bytes(32))
    sealed = seals.seal("number", b"case one", b"1234567890")
    assert seals.open("number", b"case one", sealed) == b"1234567890"
    for use, place in (("number", b"case two"), ("act", b"case one")):
        with pytest.raises(InvalidTag):
            seals.open(use, place, sealed)


def test_what_identity_seals_opens_at_its_place_and_for_its_purpose_alone() -> None:
    seals = Seals(bytes(32))
    sealed = seals.seal("totp", b"secret", "person one")
    assert seals.open("totp", sealed, "person one") == b"secret"
    for purpose, place in (("totp", "person two"), ("signing", "person one")):
        with pytest.raises(SealBroken):
            seals.open(purpose, sealed, place)


# the log that feeds the index -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield migrated(server, "directory")


@pytest.fixture
def engine(database: TestDatabase) -> Iterator[Engine]:
    owner = database.owner_engine()
    with owner.begin() as connection:
        connection.execute(sa.text("TRUNCATE index_delta, index_snapshot"))
    yield owner
    owner.dispose()


FIRST, LAST = 1_000_000_000, 1_000_000_008
# Each is one statement by whoever may write the tables; `:seq` is a row in the middle.
DELTA_ATTACKS = {
    "two neighbours swapped": (
        "UPDATE index_delta AS a SET sealed = b.sealed FROM index_delta AS b"
        " WHERE (a.seq = :seq AND b.seq = :seq + 1) OR (a.seq = :seq + 1 AND b.seq = :seq)"
    ),
    "one played again": (
        "UPDATE index_delta AS a SET sealed = b.sealed FROM index_delta AS b WHERE a.seq = :seq AND b.seq = :seq - 1"
    ),
    "one played again behind the last": (
        "INSERT INTO index_delta SELECT (SELECT max(seq) + 1 FROM index_delta), sealed FROM index_delta"
        " WHERE seq = :seq"
    ),
    "one taken out": "DELETE FROM index_delta WHERE seq = :seq",
    "one taken out, the rest moved up": (
        "WITH gone AS (DELETE FROM index_delta WHERE seq >= :seq RETURNING seq, sealed)"
        " INSERT INTO index_delta SELECT seq + 99, sealed FROM gone WHERE seq > :seq"
    ),
    "the beginning taken away": "DELETE FROM index_delta WHERE seq <= :seq",
    "one altered": "UPDATE index_delta SET sealed = set_byte(sealed, 100, get_byte(sealed, 100) # 1) WHERE seq = :seq",
    "one emptied": "UPDATE index_delta SET sealed = decode(repeat('00', 512), 'hex') WHERE seq = :seq",
    "all numbers shifted": "UPDATE index_delta SET seq = seq + 1000",
}
SNAPSHOT_ATTACKS = {
    "parts of two generations swapped": (
        "UPDATE index_snapshot AS a SET sealed = b.sealed FROM index_snapshot AS b"
        " WHERE a.part = b.part AND a.generation <> b.generation"
    ),
    "the older one renamed": (
        "WITH gone AS (DELETE FROM index_snapshot WHERE generation = 2)"
        " UPDATE index_snapshot SET generation = 9, seq = seq + 4 WHERE generation = 1"
    ),
    "both made empty": "UPDATE index_snapshot SET sealed = decode(repeat('00', 1048604), 'hex')",
    "the deltas after both taken away and the numbers lowered": "UPDATE index_snapshot SET seq = seq - 4",
}


@pytest.mark.parametrize("attack", DELTA_ATTACKS)
def test_a_log_of_deltas_that_was_touched_is_refused(
    engine: Engine, attack: str, record_property: RecordProperty
) -> None:
    written(engine)
    edit(engine, DELTA_ATTACKS[attack])
    with pytest.raises(IndexRefused):
        IndexLog(engine, KEY).load()
    record_property("figure", f"{attack}: refused")


@pytest.mark.parametrize("attack", SNAPSHOT_ATTACKS)
def test_a_snapshot_that_was_touched_shows_nothing_that_is_not_so(engine: Engine, attack: str) -> None:
    log = written(engine)
    log.write_snapshot()
    append(engine, log, LAST + 1)
    log.write_snapshot()
    append(engine, log, LAST + 2)
    edit(engine, SNAPSHOT_ATTACKS[attack])
    fresh = IndexLog(engine, KEY)
    # What it cannot put right from the rows that are left it refuses; it never shows fewer, or others.
    try:
        fresh.load()
    except IndexRefused:
        return
    assert numbers_of(fresh) == set(range(FIRST, LAST + 3))


def test_the_end_of_the_log_cut_off_is_noticed_by_who_has_read_it(engine: Engine) -> None:
    log = written(engine)
    edit(engine, "DELETE FROM index_delta WHERE seq > :seq")
    with pytest.raises(IndexRefused):
        append(engine, log, LAST + 1)
    # Who starts anew sees less, and nothing that is not so; the ledger decides about every child whatever it shows.
    fresh = IndexLog(engine, KEY)
    fresh.load()
    assert numbers_of(fresh) < set(range(FIRST, LAST + 1))


def test_rows_of_another_key_or_environment_are_refused(engine: Engine) -> None:
    log = written(engine)
    other = sealing.sealed_after(type(KEY)(bytes(32), environment="other"), log.position, [])
    assert other == []
    with pytest.raises(IndexRefused):
        IndexLog(engine, type(KEY)(bytes(range(32)), environment="other")).load()


def written(engine: Engine) -> IndexLog:
    """Return a log that has read nine children's entries, one a transaction."""
    log = IndexLog(engine, KEY)
    log.load()
    for number in range(FIRST, LAST + 1):
        append(engine, log, number)
    log.catch_up()
    return log


def append(engine: Engine, log: IndexLog, number: int) -> None:
    with transaction(engine) as connection:
        log.append(connection, [an_entry(number=number)])


def edit(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        middle = connection.scalar(sa.text("SELECT max(seq) / 2 FROM index_delta"))
        # Primary keys are checked row by row: a shift needs them out of the way.
        connection.execute(sa.text("ALTER TABLE index_delta DROP CONSTRAINT index_delta_pkey"))
        connection.execute(sa.text(statement), {"seq": middle} if ":seq" in statement else {})
        connection.execute(sa.text("ALTER TABLE index_delta ADD PRIMARY KEY (seq)"))


def numbers_of(log: IndexLog) -> set[int]:
    return {number for number in range(FIRST, LAST + 9) if log.entries_of(number, BORN)}
