"""What people do in the drill, before and after the loss; each act says what must be true of it for ever."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from contactpoint.access.v1 import access_pb2 as access
from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding

from deploy.local.demo.telling import refused
from deploy.local.population.child import Child, Precision
from deploy.local.population.generate import Population
from deploy.local.settlement import inhabitants
from deploy.local.settlement.inhabitants import ADMINISTRATOR, Cast
from deploy.local.settlement.outside import Outside, Refused, new_key
from deploy.local.settlement.supplying import SEED, date_of_birth

_WORRY = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)
_BORN = pb.DateOfBirth(year=2016, month=4, day=11)
_ANSWERS_WITHIN_SECONDS = 20.0
T = TypeVar("T")
CREATED = pb.ChildName(full=pb.FullName(surname="Quillfeather", given_names="Ottoline"))


@dataclass
class Life:
    """People at their work, signed in when they are first asked for."""

    cast: Cast
    _seats: dict[str, Outside] = field(default_factory=dict)

    def seat(self, username: str) -> Outside:
        """Return the channel on which somebody is signed in; raises Refused if that is not possible."""
        if username not in self._seats:
            self._seats[username] = self.cast.signed_in(username)
        return self._seats[username]

    def sign_in_again(self) -> None:
        """Forget all sessions: whoever is asked for next signs in."""
        self._seats.clear()

    def await_sign_in(self) -> None:
        """Return once somebody whom nobody knows is refused for that, and not because identity is away."""
        outside = self.cast.outside(self.cast.accounts[ADMINISTRATOR].organisation)
        nobody = secrets.token_urlsafe()
        request = identity.SignInRequest(username="nobody.at.all", password=nobody, code="000000")
        refused("SIGN_IN_REFUSED", lambda: once_reached(lambda: outside.call(outside.sign_in_service.SignIn, request)))

    # directory --------------------------------------------------------------------------------------------------------

    def find(self, username: str, child: Child) -> pb.ChildRow:
        """Return the one row of a search by whole name; raises Refused, or LookupError if nothing is found."""
        outside = self.seat(username)
        request = pb.SearchChildrenRequest(
            surname=child.name.surname, given_names=child.name.given_names, date_of_birth=date_of_birth(child)
        )
        rows = once_reached(lambda: outside.call(outside.directory.SearchChildren, request)).rows
        if len(rows) != 1:
            raise LookupError(f"{len(rows)} rows")
        return rows[0]

    def open(self, username: str, child: Child) -> pb.OpenRecordResponse:
        """Return a record; raises Refused."""
        outside, handle = self.seat(username), self.find(username, child).handle
        request = pb.OpenRecordRequest(handle=handle, reason=_WORRY)
        return once_reached(lambda: outside.call(outside.directory.OpenRecord, request))

    def telephones(self, username: str, child: Child) -> frozenset[str]:
        """Return the numbers that a record tells to call."""
        return frozenset(one.telephone for one in self.open(username, child).involvements)

    def has_no_home(self, username: str, child: Child) -> bool:
        """Return whether a home is hidden."""
        outside, handle = self.seat(username), self.find(username, child).handle
        request = pb.OpenHomeRequest(handle=handle, reason=_WORRY)
        home = once_reached(lambda: outside.call(outside.directory.OpenHome, request))
        return home.is_limited and not home.HasField("address") and not home.carers

    def start_involvement(self, username: str, child: Child, telephone: str) -> None:
        """Record that somebody works with a child."""
        self._start(username, self.open(username, child).handle, telephone)

    def start_involvement_with_created(self, username: str, telephone: str) -> None:
        """Record that somebody works with the child who was created."""
        (row,) = self._found_created(username)
        self._start(username, row.handle, telephone)

    def _start(self, username: str, handle: bytes, telephone: str) -> None:
        outside = self.seat(username)
        request = pb.StartInvolvementRequest(
            idempotency_key=new_key(),
            handle=handle,
            kind=pb.INVOLVEMENT_KIND_UNIVERSAL,
            provider_id=self._some_provider(),
            practitioner="Grace Okonjo",
            telephone=telephone,
        )
        outside.call(outside.directory.StartInvolvement, request)

    def create(self, username: str) -> None:
        """Create a child whom nobody had entered."""
        outside = self.seat(username)
        full = CREATED.full
        search = pb.SearchChildrenRequest(surname=full.surname, given_names=full.given_names, date_of_birth=_BORN)
        found = outside.call(outside.directory.SearchChildren, search)
        request = pb.CreateChildRequest(
            idempotency_key=new_key(),
            search_handle=found.search_handle,
            name=CREATED,
            date_of_birth=_BORN,
            authority="E08000035",
        )
        outside.call(outside.directory.CreateChild, request)

    def finds_created(self, username: str) -> bool:
        """Return whether that child is found."""
        return bool(self._found_created(username))

    def _found_created(self, username: str) -> Sequence[pb.ChildRow]:
        outside, full = self.seat(username), CREATED.full
        search = pb.SearchChildrenRequest(surname=full.surname, given_names=full.given_names, date_of_birth=_BORN)
        return once_reached(lambda: outside.call(outside.directory.SearchChildren, search)).rows

    def own_children(self, username: str) -> int:
        """Return how many children somebody works with."""
        outside = self.seat(username)
        request = pb.CountOwnChildrenRequest()
        return once_reached(lambda: outside.call(outside.directory.CountOwnChildren, request)).total

    def _some_provider(self) -> str:
        outside = self.seat("data.manager")
        wanted = pb.ListProvidersRequest(kind=pb.PROVIDER_KIND_UNIVERSAL_HEALTH)
        return outside.call(outside.providers.ListProviders, wanted).providers[0].provider_id

    # the others -------------------------------------------------------------------------------------------------------

    def shield(self, username: str, child: Child) -> None:
        """Close a child's record at once."""
        outside = self.seat(username)
        request = shielding.ImposeInterimShieldRequest(
            idempotency_key=new_key(),
            handle=self.find(username, child).handle,
            ground=shielding.GROUND_WITNESS_PROTECTION,
        )
        outside.call(outside.shielding.ImposeInterimShield, request)

    def shield_cases(self, username: str) -> Sequence[shielding.ShieldCase]:
        """Return the cases that wait for somebody."""
        outside = self.seat(username)
        request = shielding.ListShieldCasesRequest(idempotency_key=new_key(), page_size=200)
        return once_reached(lambda: outside.call(outside.shielding.ListShieldCases, request)).cases

    def approve_shield(self, username: str, case_id: str) -> None:
        """Approve a shield."""
        outside = self.seat(username)
        request = shielding.ApproveShieldRequest(idempotency_key=new_key(), case_id=case_id)
        outside.call(outside.shielding.ApproveShield, request)

    def suspend(self, username: str) -> None:
        """Suspend somebody."""
        outside, person = self.seat(ADMINISTRATOR), self.cast.accounts[username].person_id
        request = identity.SuspendPersonRequest(idempotency_key=new_key(), person_id=person)
        outside.call(outside.administration.SuspendPerson, request)

    def record_condition(self, username: str) -> None:
        """Record that somebody is not on the barred list: a change of standing that takes nothing away."""
        outside, person = self.seat(ADMINISTRATOR), self.cast.accounts[username].person_id
        request = identity.RecordConditionRequest(
            idempotency_key=new_key(), person_id=person, is_barred_list_clear=True
        )
        outside.call(outside.administration.RecordCondition, request)

    def bring_in(self, username: str) -> None:
        """Enter a practitioner, who enrols."""
        who = (username, "Nia Newcomer", "Leeds Community Health", access.ROLE_PRACTITIONER)
        inhabitants.invite(self.cast, self.seat(ADMINISTRATOR), who)()

    def fulfil(self, username: str, role: access.Role.ValueType | None = None) -> None:
        """Record every condition of somebody anew, and grant the role (a practitioner's where none is said)."""
        inhabitants.fulfil(
            self.seat(ADMINISTRATOR), self.cast.accounts[username].person_id, role or access.ROLE_PRACTITIONER
        )

    def reinstate(self, username: str) -> None:
        """Lift somebody's suspension."""
        outside, person = self.seat(ADMINISTRATOR), self.cast.accounts[username].person_id
        request = identity.ReinstatePersonRequest(idempotency_key=new_key(), person_id=person)
        outside.call(outside.administration.ReinstatePerson, request)

    def enrol_again(self, username: str) -> None:
        """Have a new link and a new code sent to somebody without factors, who binds new ones."""
        outside, account = self.seat(ADMINISTRATOR), self.cast.accounts[username]
        request = identity.RenewEnrolmentRequest(idempotency_key=new_key(), person_id=account.person_id)
        outside.call(outside.administration.RenewEnrolment, request)
        inhabitants.enrol(self.cast, account, *inhabitants.addresses_of(username, account.organisation))
        self._seats.pop(username, None)

    def acknowledge(self, username: str) -> None:
        """Let somebody read the policy."""
        outside = self.seat(username)
        request = identity.AcknowledgePolicyRequest(idempotency_key=new_key(), policy_version=1)
        outside.call(outside.sessions.AcknowledgePolicy, request)

    def accept_loss(self, username: str, digest: bytes, count: int) -> None:
        """Accept a loss as a custodian."""
        outside = self.seat(username)
        request = review.AcceptLossRequest(idempotency_key=new_key(), lost_digest=digest, lost_count=count)
        outside.call(outside.custody.AcceptLoss, request)


def once_reached(call: Callable[[], T]) -> T:
    """Return the answer of a call that is free to be repeated, once the way there is open again; raises Refused."""
    end = time.monotonic() + _ANSWERS_WITHIN_SECONDS
    while True:
        try:
            return call()
        except Refused as told:
            if told.reason != "DEPENDENCY_UNAVAILABLE" or time.monotonic() > end:
                raise
            time.sleep(0.1)


def alone(children: int, today: date) -> Iterator[Child]:
    """Yield children with a whole name that no other has, and a date of birth to the day."""
    population = Population(seed=SEED, children=children, today=today)
    names = Counter(child.name for child in population)
    for child in population:
        is_whole = child.name.given_names and not child.is_one_name_only and not child.is_not_yet_named
        if is_whole and child.precision is Precision.DAY and names[child.name] == 1:
            yield child
