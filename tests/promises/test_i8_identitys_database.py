"""I8: whoever writes every row of identity's database, or puts an old copy back, gains nothing: the ledger runs on."""

from __future__ import annotations

import hashlib
import os
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import standing_pb2 as standing
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.timestamp_pb2 import Timestamp
from psycopg import sql

from deploy.local.settlement.inhabitants import ADMINISTRATOR
from deploy.local.settlement.outside import Account, new_key
from deploy.local.settlement.scenarios import search_request
from tests.support.figures import RecordProperty
from tests.support.inside import Refused
from tests.support.pen import Column, Pen
from tests.support.signing import TakenKey, claims_of, fresh
from tests.support.taken_directory import OPEN_RECORD, taken
from tests.support.town import Found, Seat, Town

pytestmark = [pytest.mark.promise("I8"), pytest.mark.timeout(900)]

REASON = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)
PRACTITIONER = access.ROLE_PRACTITIONER
# Copies of the database, in the order in which they were made: what each attacker could do once.
COPIES = ("all_practitioners", "before_the_suspension", "before_the_sign_out")


@dataclass
class Tried:
    """What was tried, and what of it opened a record or was not noticed."""

    edits: int = 0
    opened: list[str] = field(default_factory=list)
    refused_by_the_schema: int = 0

    def show(self) -> str:
        """Return the figure."""
        assert not self.opened, "\n".join(self.opened)
        return f"{self.edits} tried, 0 keys released"


@dataclass
class Vault:
    """Three who may open nothing any more, one who may, and the pen."""

    town: Town
    pen: Pen
    child: Found
    victim: Seat
    """A practitioner, signed in."""
    moved: Seat
    """Once a practitioner, an auditor now; signed in."""
    suspended: Seat
    """Signed in once, suspended since."""
    signed_out: Seat
    """Still a practitioner, but without the factors; the session was ended."""
    invited: tuple[Account, str, str]
    """Somebody who has not enrolled, with link and code."""

    @property
    def attackers(self) -> dict[str, Seat]:
        """Whoever must open nothing with the session kept from before."""
        return {"moved": self.moved, "suspended": self.suspended, "signed out": self.signed_out}

    def opens(self, seat: Seat) -> str:
        """Return "" if a record opens, else the refusal's reason."""
        born = search_request(self.child.query).date_of_birth
        claim = pb.NumberClaim(number=f"{self.child.number:010}", surname=self.child.query.surname, date_of_birth=born)
        for is_last in (False, True):
            try:
                seat.outside.call(seat.outside.directory.OpenRecord, pb.OpenRecordRequest(number=claim, reason=REASON))
            except Refused as refused:
                if refused.status == "UNAVAILABLE" and not is_last:
                    # An edit may stop identity; started again, it meets the edited rows.
                    self.town.suite.process("identity").wait_healthy()
                    continue
                return refused.reason
            return ""
        raise AssertionError

    def enters(self, account: Account, *, password: str = "", code: str = "") -> str:
        """Return "" if somebody can sign in and open a record, else the refusal's reason."""
        seat = self.town.empty_seat(account)
        try:
            seat.outside.sign_in(replace(account, password=password or account.password), code=code or account.code())
        except Refused as refused:
            return refused.reason
        return self.opens(seat)

    def see(self, tried: Tried, edit: str) -> None:
        """Let every attacker try under the edit that stands now."""
        tried.edits += 1
        tried.opened += [f"{edit}: {name}" for name, seat in self.attackers.items() if self.opens(seat) == ""]

    def alarms(self) -> int:
        """Return how many errors identity has logged: each edit that it notices is one."""
        log = self.town.suite.process("identity").log.read_text("utf-8")
        return log.count('"level":"error"')


@pytest.fixture(scope="module")
def vault(town: Town) -> Iterator[Vault]:
    """Return everybody in place, the copies made; afterwards the database is as it was."""
    people = town.newcomers(4)
    for account in people:
        town.give_codes_back(account)
    seats = [town.new_seat(account.username) for account in people]
    victim, moved, suspended, signed_out = seats
    child = town.new_child(victim)
    town.seat(ADMINISTRATOR)
    pen = Pen(town.suite, "identity")
    made = Vault(town, pen, child, victim, moved, suspended, signed_out, town.invited())
    pen.copy(COPIES[0])
    assert [made.opens(seat) for seat in seats] == [""] * 4
    person = moved.account.person_id
    end = Timestamp()
    end.FromDatetime(datetime.now(UTC) + timedelta(days=9))
    town.administer("GrantRole", person_id=person, role=access.ROLE_AUDITOR, expires_at=end, need="Moved to audit")
    town.administer("RevokeRole", person_id=person, role=PRACTITIONER)
    pen.copy(COPIES[1])
    town.administer("SuspendPerson", person_id=suspended.account.person_id)
    pen.copy(COPIES[2])
    out = identity.SignOutRequest(idempotency_key=new_key())
    signed_out.outside.call(signed_out.outside.sessions.SignOut, out)
    pen.copy("now")
    assert made.opens(victim) == ""
    assert "" not in [made.opens(seat) for seat in seats[1:]]
    try:
        yield made
    finally:
        pen.restore("now")
        for name in ("now", *COPIES):
            pen.forget(name)
        pen.close()
        town.suite.process("identity").wait_healthy()


def test_every_column_of_every_table_edited(vault: Vault, is_full: bool, record_property: RecordProperty) -> None:
    tried, columns = Tried(), vault.pen.columns()
    assert len({one.table for one in columns}) > 10
    for column in columns:
        values = _values(column, vault)
        # As a sample the value that says most for somebody else; at full size all of them.
        for name, value in values.items() if is_full else list(values.items())[:1]:
            with vault.pen.as_it_was(column.table):
                statement = sql.SQL("UPDATE {} SET {} = {}").format(
                    sql.Identifier(column.table),
                    sql.Identifier(column.name),
                    sql.SQL(value),
                )
                try:
                    vault.pen.run(statement)
                except psycopg.Error:
                    tried.refused_by_the_schema += 1
                    continue
                vault.see(tried, f"{column.table}.{column.name} = {name}")
    assert vault.opens(vault.victim) == "", "the rows are as they were"
    record_property("figure", f"columns: {tried.show()}, {tried.refused_by_the_schema} the schema refuses")


def test_every_row_deleted(vault: Vault, is_full: bool, record_property: RecordProperty) -> None:
    tried = Tried()
    for table in vault.pen.tables():
        name = sql.Identifier(table)
        rows = vault.pen.run(sql.SQL("SELECT count(*) FROM {}").format(name))[0][0]
        with vault.pen.as_it_was(table):
            vault.pen.run(sql.SQL("DELETE FROM {}").format(name))
            vault.see(tried, f"all of {table}")
        for place in range(min(rows, 60)) if is_full else ():
            with vault.pen.as_it_was(table):
                # A copy is put back in its own order, so that each turn is another row's.
                vault.pen.run(
                    sql.SQL("DELETE FROM {} WHERE ctid = (SELECT ctid FROM {} ORDER BY ctid OFFSET %s LIMIT 1)").format(
                        name, name
                    ),
                    place,
                )
                vault.see(tried, f"row {place} of {table}")
    assert vault.opens(vault.victim) == ""
    record_property("figure", f"rows deleted: {tried.show()}")


@pytest.mark.parametrize("copy", COPIES)
def test_an_older_copy_put_back(copy: str, vault: Vault, record_property: RecordProperty) -> None:
    """The whole database is as it once was; sessions of then, and new sign-ins, open nothing."""
    tried, town = Tried(), vault.town
    with vault.pen.as_it_was():
        vault.pen.restore(copy)
        vault.see(tried, copy)
        town.suite.process("identity").kill()
        town.suite.process("identity").wait_healthy()
        vault.see(tried, f"{copy}, identity started anew")
        for name in ("moved", "suspended"):
            account = vault.attackers[name].account
            account.last_step = 0
            tried.edits += 1
            if vault.enters(account) == "":
                tried.opened.append(f"{copy}: {name} signs in")
    _until_open(vault)
    record_property("figure", f"copy {copy.replace('_', ' ')}: {tried.show()}")


def test_a_password_put_in_a_stolen_accounts_row(vault: Vault) -> None:
    """One factor was stolen, the telephone; the pen would make the other: but the ledger knows both by hash."""
    with vault.pen.as_it_was("credential", "guesses", "refusal"):
        _edit_credential(vault, "password_hash")
        _give_back(vault, vault.victim.account)
        assert vault.enters(vault.victim.account, password=vault.moved.account.password) == "SIGN_IN_REFUSED"


def _edit_credential(vault: Vault, column: str) -> None:
    victim, moved = vault.victim.account.person_id, vault.moved.account.person_id
    vault.pen.run(
        f"UPDATE credential SET {column} = (SELECT {column} FROM credential WHERE id = %s) WHERE id = %s", moved, victim
    )


def _give_back(vault: Vault, *accounts: Account) -> None:
    for account in accounts:
        vault.town.give_codes_back(account)


# What a clever pen would do, one by one; each returns the reason for which nothing opened, or "".
Attack = Callable[[Vault], str]


def _standing(vault: Vault, seat: Seat) -> standing.PersonStanding:
    rows = vault.pen.run(
        "SELECT bytes FROM standing WHERE party_kind = 'person' AND party_id = %s", seat.account.person_id
    )
    return standing.PersonStanding.FromString(bytes(rows[0][0]))


def _write(
    vault: Vault, kind: str, party: str, message: standing.PersonStanding | standing.OrganisationStanding
) -> None:
    vault.pen.run(
        "INSERT INTO standing (party_kind, party_id, bytes, changed_at) VALUES (%s, %s, %s, now())"
        " ON CONFLICT (party_kind, party_id) DO UPDATE SET bytes = excluded.bytes",
        kind,
        party,
        message.SerializeToString(deterministic=True),
    )


def _a_role_granted(vault: Vault) -> str:
    edited = _standing(vault, vault.moved)
    edited.grants[0].role = PRACTITIONER
    _write(vault, "person", vault.moved.account.person_id, edited)
    return vault.opens(vault.moved)


def _a_role_granted_and_signed_in(vault: Vault) -> str:
    _a_role_granted(vault)
    return vault.enters(vault.moved.account)


def _the_suspension_lifted(vault: Vault) -> str:
    edited = _standing(vault, vault.suspended)
    edited.is_suspended = False
    _write(vault, "person", vault.suspended.account.person_id, edited)
    vault.pen.run("UPDATE session SET ended_at = NULL WHERE tag = %s", vault.suspended.outside.session_tag)
    return vault.opens(vault.suspended)


def _the_suspension_lifted_and_signed_in(vault: Vault) -> str:
    _the_suspension_lifted(vault)
    return vault.enters(vault.suspended.account)


def _the_victims_standing_under_ones_own_name(vault: Vault) -> str:
    _write(vault, "person", vault.moved.account.person_id, _standing(vault, vault.victim))
    return vault.opens(vault.moved)


def _the_victims_standing_renamed(vault: Vault) -> str:
    edited = _standing(vault, vault.victim)
    edited.person = vault.moved.account.person_id
    _write(vault, "person", vault.moved.account.person_id, edited)
    return vault.opens(vault.moved)


def _an_ended_session_begun_again(vault: Vault) -> str:
    vault.pen.run("UPDATE session SET ended_at = NULL WHERE tag = %s", vault.signed_out.outside.session_tag)
    return vault.opens(vault.signed_out)


def _ones_session_made_the_victims(vault: Vault) -> str:
    vault.pen.run(
        "UPDATE session SET person_id = %s WHERE tag = %s",
        vault.victim.account.person_id,
        vault.moved.outside.session_tag,
    )
    return vault.opens(vault.moved)


def _the_victims_session_with_ones_own_handle(vault: Vault) -> str:
    handle = secrets.token_urlsafe(32)
    vault.pen.run(
        "UPDATE session SET handle_digest = %s, channel = %s WHERE tag = %s",
        hashlib.sha256(handle.encode()).digest(),
        vault.moved.thumbprint,
        vault.victim.outside.session_tag,
    )
    return _with_handle(vault, handle)


def _a_session_inserted(vault: Vault) -> str:
    handle = secrets.token_urlsafe(32)
    vault.pen.run(
        "INSERT INTO session SELECT %s, %s, person_id, organisation_id, channel, now(), now() + interval '9 hours',"
        " now(), true, NULL, seal FROM session WHERE tag = %s",
        str(uuid.uuid4()),
        hashlib.sha256(handle.encode()).digest(),
        vault.victim.outside.session_tag,
    )
    return _with_handle(vault, handle)


def _a_session_inserted_with_a_seal_of_ones_own(vault: Vault) -> str:
    handle = secrets.token_urlsafe(32)
    vault.pen.run(
        "INSERT INTO session VALUES (%s, %s, %s, %s, %s, now(), now() + interval '9 hours', now(), true, NULL, %s)",
        str(uuid.uuid4()),
        hashlib.sha256(handle.encode()).digest(),
        vault.victim.account.person_id,
        vault.town.cast.organisations[vault.victim.account.organisation],
        vault.victim.thumbprint,
        os.urandom(32),
    )
    return _with_handle(vault, handle)


def _ones_authenticator_in_the_victims_row(vault: Vault) -> str:
    _edit_credential(vault, "sealed_secret")
    return vault.enters(vault.victim.account, code=_code(vault, vault.moved))


def _ones_password_and_authenticator_in_the_victims_row(vault: Vault) -> str:
    for column in ("password_hash", "sealed_secret"):
        _edit_credential(vault, column)
    return vault.enters(vault.victim.account, password=vault.moved.account.password, code=_code(vault, vault.moved))


def _user_names_exchanged(vault: Vault) -> str:
    mine, theirs = vault.moved.account, vault.victim.account
    vault.pen.run("UPDATE person SET username = 'somebody.else' WHERE id = %s", theirs.person_id)
    vault.pen.run("UPDATE person SET username = %s WHERE id = %s", theirs.username, mine.person_id)
    return vault.enters(replace(mine, username=theirs.username))


def _ones_user_name_on_the_victims_row(vault: Vault) -> str:
    mine, theirs = vault.moved.account, vault.victim.account
    vault.pen.run("UPDATE person SET username = 'somebody.else' WHERE id = %s", mine.person_id)
    vault.pen.run("UPDATE person SET username = %s WHERE id = %s", mine.username, theirs.person_id)
    for column in ("password_hash", "sealed_secret"):
        _edit_credential(vault, column)
    return vault.enters(mine)


def _a_person_inserted(vault: Vault) -> str:
    """A whole person, with a standing, factors and conditions that all agree with one another."""
    ghost, mine = str(uuid.uuid4()), vault.moved.account
    made = _standing(vault, vault.victim)
    own = {factor.method: factor.secret_digest for factor in _standing(vault, vault.moved).factors}
    made.person = ghost
    made.username_digest = hashlib.sha256(b"ghost.writer").digest()
    for factor in made.factors:
        factor.secret_digest = own[factor.method]
    _write(vault, "person", ghost, made)
    vault.pen.run(
        "INSERT INTO person SELECT %s, organisation_id, 'ghost.writer', sealed_contact, now()"
        " FROM person WHERE id = %s",
        ghost,
        mine.person_id,
    )
    vault.pen.run(
        "INSERT INTO credential SELECT %s, password_hash, sealed_secret FROM credential WHERE id = %s",
        ghost,
        mine.person_id,
    )
    vault.pen.run("INSERT INTO guesses VALUES (%s, 0, 0)", ghost)
    return vault.enters(replace(mine, username="ghost.writer", person_id=ghost))


def _an_organisation_brought_back(vault: Vault) -> str:
    """Moved's own organisation standing, rewritten: another authority, for ever; and the role with it."""
    party = vault.town.cast.organisations[vault.moved.account.organisation]
    row = vault.pen.run("SELECT bytes FROM standing WHERE party_kind = 'organisation' AND party_id = %s", party)
    edited = standing.OrganisationStanding.FromString(bytes(row[0][0]))
    edited.authority = "E08000001"
    edited.expires_at.FromDatetime(datetime.now(UTC) + timedelta(days=9000))
    _write(vault, "organisation", party, edited)
    return _a_role_granted(vault)


def _a_key_inserted(vault: Vault) -> str:
    """A signing key of one's own, published: even the edge's own certificate makes nothing of its tokens."""
    kid, private = "0123456789abcdef", Ed25519PrivateKey.generate()
    true = claims_of(vault.town.token(vault.victim, OPEN_RECORD, b""))
    vault.pen.run(
        "INSERT INTO token_key VALUES (%s, %s, %s, now() - interval '1 hour', now() + interval '20 hours')",
        kid,
        private.public_key().public_bytes_raw(),
        os.urandom(60),
    )
    with taken(vault.town) as attacker:
        keys, reason = attacker.keys(TakenKey(kid, private).sign(fresh(true)), number=vault.child.number)
    return "" if keys else reason


def _every_key_replaced(vault: Vault) -> str:
    """The public halves of all keys replaced by one's own."""
    row = vault.pen.run("SELECT kid FROM token_key ORDER BY not_before")
    private = Ed25519PrivateKey.generate()
    true = claims_of(vault.town.token(vault.victim, OPEN_RECORD, b""))
    vault.pen.run("UPDATE token_key SET public_key = %s", private.public_key().public_bytes_raw())
    with taken(vault.town) as attacker:
        keys, reason = attacker.keys(TakenKey(row[-1][0], private).sign(fresh(true)), number=vault.child.number)
    return "" if keys else reason


def _an_act_made_up(vault: Vault) -> str:
    """A pending act in somebody's name, for the sweeper to drive on."""
    vault.pen.run(
        "INSERT INTO pending_act VALUES ('person', %s, %s, '/contactpoint.identity.v1.AdministrationService/GrantRole',"
        " %s, NULL, %s, now() - interval '1 hour')",
        vault.moved.account.person_id,
        vault.victim.account.person_id,
        str(uuid.uuid4()),
        os.urandom(400),
    )
    return vault.opens(vault.moved)


def _ones_enrolment_made_the_victims(vault: Vault) -> str:
    """Link and code are one's own; the row says that they are the victim's, and that there are tries left."""
    row = vault.pen.run("SELECT id FROM enrolment WHERE person_id = %s", vault.invited[0].person_id)
    vault.pen.run(
        "UPDATE enrolment SET person_id = %s, tries_left = 5, expires_at = now() + interval '9 years' WHERE id = %s",
        vault.victim.account.person_id,
        row[0][0],
    )
    return _begun(vault)


def _an_enrolment_that_is_over_begun_again(vault: Vault) -> str:
    """The time of link and code is written anew once it is over."""
    person = vault.invited[0].person_id
    vault.pen.run("UPDATE enrolment SET expires_at = now() + interval '9 years' WHERE person_id = %s", person)
    return _begun(vault)


def _begun(vault: Vault) -> str:
    seat = vault.town.empty_seat(vault.invited[0])
    request = identity.BeginEnrolmentRequest(link_token=vault.invited[1], code=vault.invited[2])
    try:
        seat.outside.call(seat.outside.sign_in_service.BeginEnrolment, request)
    except Refused as refused:
        return refused.reason
    return ""


ATTACKS: tuple[Attack, ...] = (
    _a_role_granted,
    _a_role_granted_and_signed_in,
    _the_suspension_lifted,
    _the_suspension_lifted_and_signed_in,
    _the_victims_standing_under_ones_own_name,
    _the_victims_standing_renamed,
    _an_ended_session_begun_again,
    _ones_session_made_the_victims,
    _the_victims_session_with_ones_own_handle,
    _a_session_inserted,
    _a_session_inserted_with_a_seal_of_ones_own,
    _ones_authenticator_in_the_victims_row,
    _ones_password_and_authenticator_in_the_victims_row,
    _user_names_exchanged,
    _ones_user_name_on_the_victims_row,
    _a_person_inserted,
    _an_organisation_brought_back,
    _a_key_inserted,
    _every_key_replaced,
    _an_act_made_up,
    _ones_enrolment_made_the_victims,
    _an_enrolment_that_is_over_begun_again,
)
# The ledger's own word for a standing or a session that is not the newest: it has entered it.
NOTICED = frozenset({"STANDING_CHANGED", "BEING_CHANGED", "NOT_AUTHENTICATED"})


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__.strip("_"))
def test_a_clever_pen(attack: Attack, vault: Vault, record_property: RecordProperty) -> None:
    alarms = vault.alarms()
    with ExitStack() as stack:
        stack.enter_context(vault.pen.as_it_was())
        _give_back(vault, vault.victim.account, vault.moved.account, vault.suspended.account)
        reason = attack(vault)
        is_noticed = reason in NOTICED or vault.alarms() > alarms
    assert reason != ""
    _until_open(vault)
    noticed = "noticed" if is_noticed else f"without effect, {reason}"
    record_property("figure", f"{attack.__name__.strip('_').replace('_', ' ')}: {noticed}")


def test_the_attackers_would_be_seen_to_get_in(vault: Vault) -> None:
    """The measure itself: what an administrator's act allows opens the record at once."""
    town, person = vault.town, vault.suspended.account.person_id
    town.administer("ReinstatePerson", person_id=person)
    _give_back(vault, vault.suspended.account)
    assert vault.enters(vault.suspended.account) == ""
    town.administer("SuspendPerson", person_id=person)
    vault.pen.copy("now")
    assert vault.enters(vault.suspended.account) != ""


def _with_handle(vault: Vault, handle: str) -> str:
    seat = vault.town.empty_seat(vault.victim.account)
    seat.outside.session = handle
    return vault.opens(seat)


def _code(vault: Vault, seat: Seat) -> str:
    seat.account.last_step = 0
    return seat.account.code()


def _until_open(vault: Vault) -> None:
    assert vault.opens(vault.victim) == "", "the rows are as they were"


def _values(column: Column, vault: Vault) -> dict[str, str]:
    """Return the values that an edit gives to every row of a column, as SQL; what is likeliest to help comes first."""
    victim = f"'{vault.victim.account.person_id}'"
    of_type = {
        "uuid": {"the victim": f"{victim}::uuid", "nobody": "gen_random_uuid()"},
        "bytea": {
            "the victim's": _of_the_victim(column, victim),
            "one bit": f"set_bit({column.name}, 0, 1 - get_bit({column.name}, 0))",
            "nothing": "''::bytea",
            "zeros": f"decode(repeat('00', length({column.name})), 'hex')",
        },
        "text": {"the victim": f"{victim}::text", "nothing": "''", "another": "'person'"},
        "timestamptz": {
            "in ten years": "now() + interval '10 years'",
            "ten years ago": "now() - interval '10 years'",
            "never": "NULL",
            "now": "now()",
        },
        "bool": {"the contrary": f"NOT {column.name}", "true": "true"},
        "int2": {"none": "0", "many": "32000"},
        "int4": {"none": "0", "many": "2000000000"},
        "int8": {"none": "0", "many": "4000000000000000000"},
        "jsonb": {"nothing": "'{}'::jsonb", "a list": "'[]'::jsonb"},
    }
    assert column.type in of_type, f"{column.table}.{column.name} is a {column.type}: say how it may be edited"
    return {name: value for name, value in of_type[column.type].items() if value}


def _of_the_victim(column: Column, victim: str) -> str:
    """Return the victim's own value of a column, where the table has rows of people."""
    key = {
        "standing": "party_id",
        "person": "id",
        "credential": "id",
        "session": "person_id",
        "enrolment": "person_id",
    }.get(column.table)
    if key is None:
        return ""
    return f"(SELECT other.{column.name} FROM {column.table} other WHERE other.{key}::text = {victim} LIMIT 1)"
