"""Passwords: peppered, behind a gate of so many places."""

import threading

import pytest

from services.identity.passwords import Argon2Passwords, Gate
from services.identity.sealing import Seals
from services.runtime.errors import Busy

ROOT, OTHER = Seals(bytes(32)), Seals(bytes(31) + b"1")


def test_one_at_a_time_eight_waiting_the_tenth_is_told_to_come_back() -> None:
    gate = Gate(at_once=1)
    inside, go_on = threading.Event(), threading.Event()
    passed: list[int] = []

    def enter(number: int) -> None:
        with gate.passed():
            inside.set()
            go_on.wait(5)
            passed.append(number)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
        inside.wait(5)
    while gate._inside < 9:
        threading.Event().wait(0.01)
    with pytest.raises(Busy), gate.passed():
        pass
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert len(passed) == 9
    with gate.passed():
        pass


def test_a_hash_is_of_no_use_without_the_root_secret() -> None:
    ours = Argon2Passwords(seals=ROOT, gate=Gate(at_once=1))
    theirs = Argon2Passwords(seals=OTHER, gate=Gate(at_once=1))
    stored = ours.hash("correct horse battery staple")
    assert ours.is_right(stored, "correct horse battery staple")
    assert not ours.is_right(stored, "correct horse battery stapler")
    assert not theirs.is_right(stored, "correct horse battery staple")
    assert not ours.is_right(b"not a hash", "correct horse battery staple")
    assert not ours.is_right(b"", "")


@pytest.mark.parametrize("weak", ["passwordpassword", "contactpoint2026", "amina.okafor", "qwertyuiop12", "a" * 256])
def test_what_is_easily_guessed_is_weak(weak: str) -> None:
    assert Argon2Passwords(seals=ROOT, gate=Gate()).is_weak(weak, ["amina.okafor", "Amina", "Okafor"])


def test_four_words_are_not() -> None:
    assert not Argon2Passwords(seals=ROOT, gate=Gate()).is_weak("rivers under seven chestnut moons", ["amina"])
