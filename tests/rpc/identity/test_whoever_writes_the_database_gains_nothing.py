"""Each row edited, swapped, inserted or taken from an older copy lets nobody in (I8)."""

import hashlib
from dataclasses import replace

import pytest

from services.identity import standing_format
from services.identity.domain.standing import CODE, PASSWORD, Grant
from tests.fakes.identity_town import Person, Town, refusal

pytestmark = pytest.mark.promise("I8")
SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"


def _standing(town: Town, person: Person) -> bytes:
    return bytes(town.sql("SELECT bytes FROM standing WHERE party_id = :id", id=person.id)[0][0])


def _write(town: Town, person: Person, stored: bytes) -> None:
    town.sql("UPDATE standing SET bytes = :b WHERE party_id = :id", b=stored, id=person.id)


def test_anothers_secrets_in_ones_own_row_let_nobody_in(town: Town, organisation: str) -> None:
    mine, victim = town.new_person(organisation), town.new_person(organisation)
    town.sql(
        "UPDATE credential v SET password_hash = m.password_hash, sealed_secret = m.sealed_secret"
        " FROM credential m WHERE v.id = :victim AND m.id = :mine",
        victim=victim.id,
        mine=mine.id,
    )
    town.fresh_code(mine)
    attacker = Person(victim.id, victim.username, "", "", secret=mine.secret)
    assert refusal(lambda: town.sign_in(attacker, code=town.code(mine))).reason == "SIGN_IN_REFUSED"


def test_a_password_set_by_hand_lets_nobody_in_even_with_the_standing_written_to_fit(
    town: Town, organisation: str
) -> None:
    mine, victim = town.new_person(organisation), town.new_person(organisation)
    # Hashes are under the root secret, so the attacker takes one whose password he knows.
    known = town.sql("SELECT password_hash FROM credential WHERE id = :id", id=mine.id)[0][0]
    victim.password = mine.password
    town.sql("UPDATE credential SET password_hash = :h WHERE id = :id", h=known, id=victim.id)
    assert refusal(lambda: town.sign_in(victim)).reason == "SIGN_IN_REFUSED"
    standing = standing_format.read_person(victim.id, _standing(town, victim))
    factors = tuple(
        replace(one, secret_digest=hashlib.sha256(known).digest()) if one.method == PASSWORD else one
        for one in standing.factors
    )
    assert standing.factor(CODE) is not None
    _write(town, victim, standing_format.write(replace(standing, factors=factors)))
    # Both fit now, and the ledger knows another standing.
    assert refusal(lambda: town.sign_in(victim)).reason == "STANDING_CHANGED"


def test_a_grant_written_by_hand_makes_a_token_that_the_ledger_does_not_know(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation, "ROLE_AUDITOR")
    standing = standing_format.read_person(nurse.id, _standing(town, nurse))
    grant = Grant(
        role="ROLE_PRACTITIONER", expires_at=standing.grants[0].expires_at, granted_by="x", need="I would like to"
    )
    _write(town, nurse, standing_format.write(replace(standing, grants=(*standing.grants, grant))))
    assert town.authorise(nurse.session, SEARCH)
    stored = standing_format.digest(_standing(town, nurse))
    assert stored not in town.ledger.standings.values()
    assert refusal(lambda: town.sign_in(nurse)).reason == "STANDING_CHANGED"


def test_an_older_standing_put_back_brings_nobody_back(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    before = _standing(town, nurse)
    town.record(nurse, is_barred_list_clear=False)
    _write(town, nurse, before)
    assert refusal(lambda: town.sign_in(nurse)).reason == "STANDING_CHANGED"


@pytest.mark.parametrize("bytes_of", ["rubbish", "another person", "nothing"])
def test_a_standing_that_is_not_the_persons_is_none(town: Town, organisation: str, bytes_of: str) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    _write(town, nurse, {"rubbish": b"\xff\xff", "another person": _standing(town, other), "nothing": b""}[bytes_of])
    assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "SESSION_ENDED"
    assert refusal(lambda: town.sign_in(nurse)).reason == "SIGN_IN_REFUSED"


@pytest.mark.parametrize("table", ["credential", "guesses", "standing", "session"])
def test_a_row_deleted_by_hand_lets_nobody_in(town: Town, organisation: str, table: str) -> None:
    nurse = town.new_person(organisation)
    column = {"standing": "party_id", "session": "person_id::text"}.get(table, "id::text")
    town.sql(f"DELETE FROM {table} WHERE {column} = :id", id=nurse.id)
    if table in {"credential", "guesses", "standing"}:
        said = refusal(lambda: town.sign_in(nurse))
        assert said.reason in {"SIGN_IN_REFUSED", "DEPENDENCY_UNAVAILABLE"}
    else:
        assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "SESSION_ENDED"
