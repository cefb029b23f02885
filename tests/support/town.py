"""People for tests beside the cast: newcomers and organisations by the same RPCs, who sits where, and their tokens."""

from __future__ import annotations

import itertools
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from contactpoint.access.v1 import access_pb2 as access
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import standing_pb2 as standing
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding
from google.protobuf.message import Message

from deploy.local.population.child import Name
from deploy.local.population.query import Query
from deploy.local.population.story_searches import exact
from deploy.local.settlement import inhabitants, supplying
from deploy.local.settlement.inhabitants import ADMINISTRATOR, SUPPLIER, Cast, Organisation
from deploy.local.settlement.outside import Account, Outside, new_key
from deploy.local.settlement.scenarios import search_request
from deploy.local.suite import Suite
from services.runtime.peers import peer_of_certificate
from tests.support.inside import Inside
from tests.support.living import Living
from tests.support.unlike import unlike_any_other

# Below the fifteen minutes after which a session is idle.
_FRESH_SECONDS = 600.0
_AHEAD = 7
_count = itertools.count(1)


@dataclass
class Seat:
    """One person at one organisation's system, signed in."""

    account: Account
    outside: Outside
    thumbprint: str
    """Of the certificate of the organisation's system."""
    system: str
    used_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Found:
    """One child whom a test made: the search that finds it, its number, and its maker's handle."""

    query: Query
    number: int
    handle: bytes


class Town:
    """Everybody who lives in a suite, and whoever a test brings in."""

    def __init__(self, living: Living) -> None:
        self.living = living
        self.inside = Inside(living.suite)
        self._seats: dict[str, Seat] = {}
        self._waiting: dict[tuple[str, int], list[Account]] = {}

    @property
    def suite(self) -> Suite:
        """The running suite."""
        return self.living.suite

    @property
    def cast(self) -> Cast:
        """The cast, newcomers included."""
        return self.living.cast

    def seat(self, username: str) -> Seat:
        """Return the seat at which a person is signed in; tests share it, so none may end its session."""
        seat = self._seats.get(username)
        if seat is None or time.monotonic() - seat.used_at > _FRESH_SECONDS:
            seat = self._seats[username] = self.new_seat(username)
        seat.used_at = time.monotonic()
        return seat

    def new_seat(self, username: str) -> Seat:
        """Return a seat of one's own, with a session of its own."""
        account = self.cast.accounts[username]
        self.give_codes_back(account)
        seat = self.empty_seat(account)
        seat.outside.sign_in(account)
        return seat

    def invited(self, organisation: str = "Leeds Community Health") -> tuple[Account, str, str]:
        """Return somebody who has been entered and has not enrolled, with the link and the code that were sent."""
        username = f"invited.{uuid.uuid4().hex[:8]}"
        address, manager = f"{username}@example.org", f"{username}.manager@example.org"
        person = self.administer(
            "AddPerson",
            organisation_id=self.cast.organisations[organisation],
            name="Ines Invited",
            username=username,
            email=address,
            manager_email=manager,
            proofs=["PASSPORT"],
        ).person_id
        mails = self.suite.layout.mail
        link = inhabitants._read_mail(mails, address, inhabitants._LINK)
        code = inhabitants._read_mail(mails, manager, inhabitants._CODE)
        return Account(username, inhabitants._password(), "", organisation, (), person_id=person), link, code

    def give_codes_back(self, account: Account) -> None:
        """Let a person use this minute's codes again, by a pen in the database: else each sign-in waits for a new."""
        self.suite.psql(
            "identity",
            "UPDATE guesses SET last_step = 0 WHERE id = (SELECT id FROM person WHERE username = %s)",
            account.username,
        )
        account.last_step = 0

    def empty_seat(self, account: Account) -> Seat:
        """Return a seat at which nobody has signed in yet."""
        certificate = self.suite.endpoints()["organisation_certificates"][account.organisation]["cert"]
        with open(certificate, "rb") as file:  # noqa: PTH123  # a path as text
            peer = peer_of_certificate(file.read(), environment="synthetic")
        return Seat(account, self.cast.outside(account.organisation), peer.thumbprint, peer.system or "")

    def new_organisation(
        self,
        *,
        purpose: standing.SystemPurpose.ValueType = standing.SYSTEM_PURPOSE_CHANNEL,
        authority: str = "E08000035",
    ) -> str:
        """Return the name of a new organisation that is live, with a system of its own."""
        name = f"Trust {next(_count)} {uuid.uuid4().hex[:6]}"
        made = Organisation(name, identity.ORGANISATION_KIND_PARTNER, authority, purpose)
        inhabitants._register(self.cast, self.seat(ADMINISTRATOR).outside, made)
        return name

    def newcomer(
        self, organisation: str = "Leeds Community Health", role: access.Role.ValueType = access.ROLE_PRACTITIONER
    ) -> Account:
        """Return a new person's account: enrolled, every condition true, with one role."""
        return self.newcomers(1, organisation, role)[0]

    def newcomers(
        self,
        many: int,
        organisation: str = "Leeds Community Health",
        role: access.Role.ValueType = access.ROLE_PRACTITIONER,
    ) -> list[Account]:
        """Return so many new people's accounts, as `newcomer` does."""
        waiting = self._waiting.setdefault((organisation, role), [])
        if len(waiting) < many:
            # Some in advance: the mails come once a second.
            ahead = _AHEAD if (organisation, role) == ("Leeds Community Health", access.ROLE_PRACTITIONER) else 0
            names = [f"p{next(_count)}.{uuid.uuid4().hex[:8]}" for _ in range(many - len(waiting) + ahead)]
            administrator = self.seat(ADMINISTRATOR).outside
            joins = [
                inhabitants.invite(self.cast, administrator, (name, "Nia Newcomer", organisation, role))
                for name in names
            ]
            for join in joins:
                join()
            waiting += [self.cast.accounts[name] for name in names]
        taken, waiting[:many] = waiting[:many], []
        return taken

    def newcomers_seat(
        self, organisation: str = "Leeds Community Health", role: access.Role.ValueType = access.ROLE_PRACTITIONER
    ) -> Seat:
        """Return the seat of a new person."""
        return self.new_seat(self.newcomer(organisation, role).username)

    def new_child(self, seat: Seat) -> Found:
        """Return a new child, with school, practice, home and carer, open to all; nobody has a name like it."""
        made = unlike_any_other(given_names="Oriel")
        assert made.date_of_birth is not None
        name = Name(made.surname, made.given_names)
        child = replace(self.living.story.unique, name=name, date_of_birth=made.date_of_birth)
        supplier = self.empty_seat(Account("", "", "", SUPPLIER, ())).outside
        rows = pb.SupplyRowsRequest(idempotency_key=new_key(), children=[supplying._supplied(child, {})])
        supplier.call(supplier.supply.SupplyRows, rows)
        query = exact(child)
        handle = self.handle(seat, query)
        reason = pb.Reason(code=pb.REASON_CODE_RECORD_KEEPING)
        opened = seat.outside.call(
            seat.outside.directory.OpenRecord, pb.OpenRecordRequest(handle=handle, reason=reason)
        )
        return Found(query, int(opened.number), handle)

    def handle(self, seat: Seat, query: Query) -> bytes:
        """Return a seat's handle for the one child that a search shows."""
        rows = seat.outside.call(seat.outside.directory.SearchChildren, search_request(query)).rows
        assert len(rows) == 1
        return bytes(rows[0].handle)

    def shield(self, query: Query) -> None:
        """Have two officers hide a child."""
        officer, second = self.seat("shield.officer").outside, self.seat("second.officer")
        proposed = officer.call(
            officer.shielding.ProposeShield,
            shielding.ProposeShieldRequest(
                idempotency_key=new_key(),
                handle=self.handle(self.seat("shield.officer"), query),
                ground=shielding.GROUND_DOMESTIC_ABUSE,
            ),
        )
        approval = shielding.ApproveShieldRequest(idempotency_key=new_key(), case_id=proposed.case_id)
        second.outside.call(second.outside.shielding.ApproveShield, approval)

    def administer(self, act: str, **said: Any) -> Any:
        """Have the national administrator do an act by its RPC's name."""
        administrator = self.seat(ADMINISTRATOR).outside
        request = getattr(identity, f"{act}Request")(idempotency_key=new_key(), **said)
        return administrator.call(getattr(administrator.administration, act), request)

    def token(self, seat: Seat, method: str, request: Message | bytes) -> str:
        """Return the token for one call of a seat, as the edge gets it from identity; raises Refused."""
        content = request if isinstance(request, bytes) else request.SerializeToString()
        return self.inside.token(seat.outside, method, content, channel_thumbprint=seat.thumbprint, system=seat.system)
