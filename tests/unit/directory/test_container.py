"""Containers: who holds a key finds its own and nothing else, foreign boxes survive, nothing old comes back (R3)."""

import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.directory.errors import RecordDamaged, RecordFull
from services.directory.storage.container import (
    BOX_SIZE,
    CLASS_SIZES,
    Containers,
    StatementLock,
    StatementName,
    statement_key,
)

ROW, OTHER_ROW = b"r" * 32, b"s" * 32
CONTAINERS = Containers(b"d" * 32)
SOURCES = [bytes([n]) * 16 for n in range(4)]


def a_lock(section: int = 1, source: bytes = SOURCES[0], version: int = 1) -> StatementLock:
    return StatementLock(StatementName(section, source, version), secrets.token_bytes(32))


def boxes(container: bytes) -> list[bytes]:
    return [container[at : at + BOX_SIZE] for at in range(0, len(container) - BOX_SIZE + 1, BOX_SIZE)]


def rebuilt(parts: list[bytes], size: int) -> bytes:
    return b"".join(parts).ljust(size, b"\0")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.binary(max_size=700)), max_size=14))
@settings(max_examples=60)
def test_any_sequence_of_writers_finds_each_newest_statement(writes: list[tuple[int, int, bytes]]) -> None:
    container = CONTAINERS.made(ROW, [])
    standing: dict[tuple[int, int], tuple[StatementLock, bytes]] = {}
    for source, section, content in writes:
        before = standing.get((source, section))
        version = before[0].name.version + 1 if before else 1
        lock = a_lock(section, SOURCES[source], version)
        foreign = [one for place, one in standing.items() if place != (source, section)]
        kept = {box for box in boxes(container) if any(_opens(box, other) for other, _ in foreign)}
        size = len(container)
        try:
            container = CONTAINERS.replaced(ROW, container, [before[0]] if before else [], lock, content)
        except RecordFull:
            continue
        standing[source, section] = (lock, content)
        assert len(container) in CLASS_SIZES
        assert len(container) >= size
        # Byte for byte: a writer needs no other writer's key.
        assert kept <= set(boxes(container))
        if before:
            assert CONTAINERS.opened(ROW, container, before[0]) is None
    for lock, content in standing.values():
        assert CONTAINERS.opened(ROW, container, lock) == content


def _opens(box: bytes, lock: StatementLock) -> bool:
    try:
        return CONTAINERS.opened(ROW, rebuilt([box] * 8, CLASS_SIZES[0]), lock) is not None
    except RecordDamaged:
        return True


def test_sizes_say_nothing_within_a_class() -> None:
    sizes = {len(CONTAINERS.made(ROW, [(a_lock(), bytes(length))])) for length in (0, 1, 200, 1_000, 1_650)}
    assert sizes == {CLASS_SIZES[0]}
    assert len(CONTAINERS.made(ROW, [(a_lock(), bytes(1_700))])) == CLASS_SIZES[1]
    assert len(CONTAINERS.made(ROW, [(a_lock(), bytes(3_800))])) == CLASS_SIZES[2]
    with pytest.raises(RecordFull):
        CONTAINERS.made(ROW, [(a_lock(), bytes(8_000))])


def test_a_container_never_shrinks() -> None:
    long = a_lock()
    container = CONTAINERS.made(ROW, [(long, bytes(3_000))])
    assert len(CONTAINERS.replaced(ROW, container, [long], a_lock(version=2), b"")) == CLASS_SIZES[1]


def test_every_box_is_drawn_anew_and_shuffled() -> None:
    lock = a_lock()
    one, other = (CONTAINERS.made(ROW, [(lock, b"x" * 900)]) for _ in range(2))
    assert not set(boxes(one)) & set(boxes(other))
    places = {
        next(at for at, box in enumerate(boxes(CONTAINERS.made(ROW, [(lock, b"x")]))) if _opens(box, lock))
        for _ in range(80)
    }
    assert len(places) > 5


def test_dummies_are_the_directorys_own_secret() -> None:
    container = CONTAINERS.made(ROW, [(a_lock(), b"x")])
    assert CONTAINERS.count_in_use(ROW, container) == 1
    assert Containers(b"e" * 32).count_in_use(ROW, container) == 8


@pytest.mark.promise("R3")
def test_whatever_is_swapped_rolled_back_truncated_or_replayed_is_refused() -> None:
    old, lock, other = a_lock(), a_lock(version=2), a_lock(section=2, source=SOURCES[1])
    before = CONTAINERS.made(ROW, [(old, b"o" * 500), (other, b"b" * 30)])
    container = CONTAINERS.replaced(ROW, before, [old], lock, b"n" * 500)
    own = [box for box in boxes(container) if _opens(box, lock)]
    rest = [box for box in boxes(container) if box not in own]
    assert (len(own), CONTAINERS.opened(ROW, container, lock)) == (3, b"n" * 500)
    size = len(container)

    # Rolled back: nothing of this version is there, which its reader takes for damage.
    assert CONTAINERS.opened(ROW, before, lock) is None
    # Moved to another row.
    assert CONTAINERS.opened(OTHER_ROW, container, lock) is None
    # Under another section, source or version.
    for name in (
        StatementName(2, SOURCES[0], 2),
        StatementName(1, SOURCES[1], 2),
        StatementName(1, SOURCES[0], 3),
    ):
        assert CONTAINERS.opened(ROW, container, StatementLock(name, lock.key)) is None
    # A part gone, a part twice, a part of another writing under the same key.
    again = [box for box in boxes(CONTAINERS.made(ROW, [(lock, b"m" * 500)])) if _opens(box, lock)]
    mixed = sorted(own, key=lambda box: _index(box, lock))[:2] + sorted(again, key=lambda box: _index(box, lock))[2:]
    for parts in (own[:2] + rest + [rest[0]], [*own, own[0], *rest[1:]], mixed + rest):
        with pytest.raises(RecordDamaged):
            CONTAINERS.opened(ROW, rebuilt(parts, size), lock)
    # Truncated, or longer.
    for wrong in (container[:-1], container[:-BOX_SIZE], container + bytes(BOX_SIZE), b""):
        with pytest.raises(RecordDamaged):
            CONTAINERS.opened(ROW, wrong, lock)


def _index(box: bytes, lock: StatementLock) -> int:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(lock.key).decrypt(box[:12], box[12:], ROW + lock.name.encode())[0]


@pytest.mark.promise("R3")
def test_no_flipped_byte_goes_unnoticed() -> None:
    lock = a_lock()
    container = CONTAINERS.made(ROW, [(lock, b"n" * 1_600)])
    assert CONTAINERS.count_in_use(ROW, container) == 8
    for at in range(0, len(container), 13):
        altered = container[:at] + bytes([container[at] ^ 1]) + container[at + 1 :]
        with pytest.raises(RecordDamaged):
            CONTAINERS.opened(ROW, altered, lock)


def test_a_statements_key_needs_both_halves_and_its_name() -> None:
    name = StatementName(1, SOURCES[0], 1)
    made = {
        statement_key(b"a" * 32, b"b" * 32, name),
        statement_key(b"a" * 32, b"c" * 32, name),
        statement_key(b"c" * 32, b"b" * 32, name),
        statement_key(b"a" * 32, b"b" * 32, StatementName(1, SOURCES[0], 2)),
        statement_key(b"a" * 32, b"b" * 32, StatementName(2, SOURCES[0], 1)),
        statement_key(b"a" * 32, b"b" * 32, StatementName(1, SOURCES[1], 1)),
    }
    assert len(made) == 6


def test_a_statements_key_is_hkdf() -> None:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    name = StatementName(1, SOURCES[0], 1)
    expected = HKDF(SHA256(), 32, salt=b"b" * 32, info=b"contactpoint/statement/1" + name.encode()).derive(b"a" * 32)
    assert statement_key(b"a" * 32, b"b" * 32, name) == expected


def test_a_lock_does_not_show_its_key() -> None:
    lock = a_lock()
    assert lock.key.hex() not in repr(lock)
    assert repr(lock.key) not in repr(lock)
