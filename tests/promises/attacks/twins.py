"""Two storages as others build them, fed with the same children: the attacks must succeed on both."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from datetime import date

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deploy.local.population.child import Child
from services.directory.domain.dates import slips

Connection = psycopg.Connection[tuple[object, ...]]
_SEALED = 512


class HashesTwin:
    """Twin A: each record is sealed, and beside it stands a keyed hash of each field that is searched by."""

    subject, key = "hashes_record", "record_id"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seal = AESGCM(secrets.token_bytes(32))
        self._hash_key = secrets.token_bytes(32)
        connection.execute(
            "CREATE TABLE hashes_record (record_id bytea PRIMARY KEY, surname_hash bytea, given_names_hash bytea,"
            " date_of_birth_hash bytea, postcode_hash bytea, sealed bytea)"
        )
        connection.execute("CREATE INDEX ON hashes_record (surname_hash, date_of_birth_hash)")

    def load(self, children: Sequence[Child]) -> dict[bytes, Child]:
        """Write the children down; return who is where."""
        made = {secrets.token_bytes(32): child for child in children}
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO hashes_record VALUES (%s, %s, %s, %s, %s, %s)",
                [(row, *self._hashes(child), _sealed(self._seal, repr(child.key))) for row, child in made.items()],
            )
        return made

    def search(self, children: Iterable[Child]) -> None:
        """Look for children as that product would."""
        for child in children:
            surname, _, born, _ = self._hashes(child)
            self._connection.execute(
                "SELECT record_id, sealed FROM hashes_record WHERE surname_hash = %s AND date_of_birth_hash = %s",
                (surname, born),
            )

    def _hashes(self, child: Child) -> tuple[bytes, ...]:
        fields = (child.name.surname, child.name.given_names, child.date_of_birth.isoformat(), child.address.postcode)
        return tuple(hmac.digest(self._hash_key, text.encode(), hashlib.sha256)[:16] for text in fields)


class PagesTwin:
    """Twin B: pages by day of birth, each a sealed row under a keyed name; a search reads the pages it needs."""

    subject, key = "pages_record", "record_id"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seal = AESGCM(secrets.token_bytes(32))
        self._name_key = secrets.token_bytes(32)
        connection.execute("CREATE TABLE pages_record (record_id bytea PRIMARY KEY, sealed bytea)")
        connection.execute("CREATE TABLE pages_page (page bytea PRIMARY KEY, sealed bytea)")

    def load(self, children: Sequence[Child]) -> dict[bytes, Child]:
        """Write the children down, each with its page; return who is where."""
        made = {secrets.token_bytes(32): child for child in children}
        for row, child in made.items():
            with self._connection.transaction():
                self._connection.execute(
                    "INSERT INTO pages_record VALUES (%s, %s)", (row, _sealed(self._seal, repr(child.key)))
                )
                self._connection.execute(
                    "INSERT INTO pages_page VALUES (%s, %s) ON CONFLICT (page) DO UPDATE SET sealed = excluded.sealed",
                    (self._page(child.date_of_birth), _sealed(self._seal, "entries")),
                )
        return made

    def search(self, children: Iterable[Child]) -> None:
        """Look for children: the page of the day, and those of its likely slips, in one statement."""
        for child in children:
            born = child.date_of_birth
            pages = [self._page(day) for day in (born, *slips(born))]
            self._connection.execute("SELECT sealed FROM pages_page WHERE page = ANY(%s)", (pages,))

    def _page(self, day: date) -> bytes:
        return hmac.digest(self._name_key, day.isoformat().encode(), hashlib.sha256)[:16]


def _sealed(key: AESGCM, content: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + key.encrypt(nonce, content.encode().ljust(_SEALED - 28, b"\0"), None)
