"""Passwords: peppered, hashed with Argon2id behind a gate, refused when easily guessed."""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import argon2
import zxcvbn

from services.identity.sealing import Seals
from services.runtime import deadline
from services.runtime.errors import Busy

MEMORY_KIB = 19 * 1024
ROUNDS = 2
WAITING = 8
_LEAST_SCORE = 3
# Longer ones are judged by their beginning: the estimate's work grows with the square of the length.
_JUDGED_CHARACTERS = 72


class Gate:
    """So many at work at once, so few waiting; whoever comes then is told to come back."""

    def __init__(self, *, at_once: int | None = None, waiting: int = WAITING) -> None:
        self._at_once = at_once or max(1, (os.cpu_count() or 1) - 1)
        self._places = threading.Semaphore(self._at_once)
        self._most = self._at_once + waiting
        self._inside = 0
        self._lock = threading.Lock()

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Hold a place for the block; raises Busy when the line is full, or no place came within the deadline."""
        with self._lock:
            if self._inside >= self._most:
                raise Busy
            self._inside += 1
        try:
            if not self._places.acquire(timeout=deadline.current().for_onward_call_seconds()):
                raise Busy
            try:
                yield
            finally:
                self._places.release()
        finally:
            with self._lock:
                self._inside -= 1


class Argon2Passwords:
    """Argon2id over a keyed hash of the password: without the root secret a stolen table cannot be guessed at."""

    def __init__(self, *, seals: Seals, gate: Gate) -> None:
        self._seals = seals
        self._gate = gate
        self._hasher = argon2.PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=1)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold one of the few places in which hashing is done; raises Busy."""
        with self._gate.passed():
            yield

    def hash(self, password: str) -> bytes:
        """Return what to store; only inside `admitted`."""
        return self._hasher.hash(self._peppered(password)).encode()

    def is_right(self, stored: bytes, password: str) -> bool:
        """Whether a password is the stored one; only inside `admitted`."""
        try:
            return self._hasher.verify(stored.decode(), self._peppered(password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, UnicodeDecodeError):
            return False

    def is_weak(self, password: str, about: Sequence[str]) -> bool:
        """Whether a password is easily guessed, also by who knows `about` the person."""
        found = zxcvbn.zxcvbn(password[:_JUDGED_CHARACTERS], user_inputs=[*about, "contactpoint"])
        return int(found["score"]) < _LEAST_SCORE

    def _peppered(self, password: str) -> bytes:
        return self._seals.tag("password", unicodedata.normalize("NFKC", password))
