"""Providers in memory and in PostgreSQL."""

import secrets
import threading
import uuid
from dataclasses import replace

from services.directory.domain.providers import Contact
from services.directory.ports import Outcome, Receipt
from tests.builders.directory import PRACTICE, SCHOOL, TEAM
from tests.contract.directory.conftest import Storage

RECEIPT = Receipt(7, b"l" * 32)


def an_act() -> bytes:
    return secrets.token_bytes(32)


def test_what_is_registered_is_found_by_id_and_codes(storage: Storage) -> None:
    for one in (SCHOOL, PRACTICE, TEAM):
        assert storage.providers.register(an_act(), one, RECEIPT) is Outcome.DONE
    found = storage.providers.current()
    assert set(found.by_id.values()) == {SCHOOL, PRACTICE, TEAM}
    assert found.by_urn == {SCHOOL.urn: SCHOOL}
    assert found.by_ods_code == {PRACTICE.ods_code: PRACTICE}


def test_a_code_is_taken_once_and_a_retry_ends_as_before(storage: Storage) -> None:
    act = an_act()
    storage.providers.register(act, SCHOOL, RECEIPT)
    other = replace(SCHOOL, provider_id=uuid.uuid4())
    refused = an_act()
    assert storage.providers.register(refused, other, RECEIPT) is Outcome.PROVIDER_TAKEN
    assert storage.providers.register(refused, other, RECEIPT) is Outcome.PROVIDER_TAKEN
    assert storage.providers.register(act, SCHOOL, RECEIPT) is Outcome.DONE
    assert list(storage.providers.current().by_id.values()) == [SCHOOL]


def test_an_amendment_is_seen_by_the_next_reader(storage: Storage) -> None:
    storage.providers.register(an_act(), TEAM, RECEIPT)
    storage.providers.current()
    act, contact = an_act(), Contact(telephone="020 7946 0099")
    assert storage.providers.amend(act, TEAM.provider_id, contact, RECEIPT) is Outcome.DONE
    assert storage.providers.current().by_id[TEAM.provider_id].contact == contact
    storage.providers.amend(an_act(), TEAM.provider_id, TEAM.contact, RECEIPT)
    assert storage.providers.amend(act, TEAM.provider_id, contact, RECEIPT) is Outcome.DONE
    assert storage.providers.current().by_id[TEAM.provider_id].contact == TEAM.contact


def test_many_at_once_are_all_there(storage: Storage) -> None:
    many = [replace(TEAM, provider_id=uuid.uuid4()) for _ in range(16)]

    def register(part: int) -> None:
        for one in many[part::4]:
            storage.providers.register(an_act(), one, RECEIPT)
            storage.providers.current()

    threads = [threading.Thread(target=register, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(storage.providers.current().by_id.values()) == set(many)
