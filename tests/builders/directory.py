"""A directory over fakes: use cases wired as in the process, people to call them, children and providers."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from services.directory.domain.claims import Handle
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.involvements import NewInvolvement
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName, Gender
from services.directory.domain.providers import Contact, Provider, ProviderKind
from services.directory.domain.reasons import Reason, ReasonCode
from services.directory.domain.record import RecordView
from services.directory.domain.statements import Address, AddressState, Carer, InvolvementKind
from services.directory.domain.supplied import SuppliedChild, SuppliedInvolvement
from services.directory.ports import Ledger, Settlements
from services.directory.storage.page_tokens import SealedPageTokens
from services.directory.use_cases.amend_provider import AmendProvider
from services.directory.use_cases.change_own_services import ChangeOwnServices
from services.directory.use_cases.conclude_act import ConcludeAct
from services.directory.use_cases.confirm_involvement import ConfirmInvolvement
from services.directory.use_cases.count_own_children import CountOwnChildren
from services.directory.use_cases.create_child import CreateChild, CreatedChild
from services.directory.use_cases.end_involvement import EndInvolvement
from services.directory.use_cases.identify_child import IdentifyChild
from services.directory.use_cases.list_own_children import ListOwnChildren
from services.directory.use_cases.list_providers import ListProviders
from services.directory.use_cases.look_at_child import LookAtChild
from services.directory.use_cases.mark_involvement import MarkInvolvement
from services.directory.use_cases.open_home import OpenHome
from services.directory.use_cases.open_record import OpenRecord
from services.directory.use_cases.register_provider import RegisterProvider
from services.directory.use_cases.report_contact_wrong import ReportContactWrong
from services.directory.use_cases.search_children import SearchChildren
from services.directory.use_cases.settle_acts import SettleActs
from services.directory.use_cases.start_involvement import StartedInvolvement, StartInvolvement
from services.directory.use_cases.supply_rows import SupplyRows
from services.runtime.caller import Caller, acting_for
from services.runtime.peers import Peer
from tests.fakes.directory_ledger import FakeLedger
from tests.fakes.directory_storage import FakeChildren, FakeProviders, FakeRecords
from tests.support.acts import SetClock, a_suppliers_act, an_act

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
AUTHORITY = "E08000001"
ADA = ChildName.full("Lovelace", "Ada")
BORN = DateOfBirth(2015, 3, 4)
CONCERN = Reason(code=ReasonCode.SAFEGUARDING_CONCERN)
SCHOOL = Provider(
    provider_id=UUID("11111111-1111-4111-8111-111111111111"),
    name="Hill School",
    kind=ProviderKind.SCHOOL,
    contact=Contact(telephone="020 7946 0001"),
    authority=AUTHORITY,
    urn="100001",
)
PRACTICE = Provider(
    provider_id=UUID("22222222-2222-4222-8222-222222222222"),
    name="Vale Surgery",
    kind=ProviderKind.GP_PRACTICE,
    contact=Contact(telephone="020 7946 0002"),
    authority=AUTHORITY,
    ods_code="A10001",
)
TEAM = Provider(
    provider_id=UUID("33333333-3333-4333-8333-333333333333"),
    name="Children's social care, north",
    kind=ProviderKind.SOCIAL_CARE,
    contact=Contact(telephone="020 7946 0003", telephone_out_of_hours="020 7946 0004", email="north@example.org"),
    authority=AUTHORITY,
)
T = TypeVar("T")
_SERVICE = dict.fromkeys(("RegisterProvider", "AmendProvider", "ListProviders"), "ProviderService")


def new_key() -> str:
    """Return an idempotency key."""
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Person:
    """Somebody with a session; each call has a token of its own."""

    organisation: UUID = field(default_factory=uuid.uuid4)
    person: UUID = field(default_factory=uuid.uuid4)
    session: UUID = field(default_factory=uuid.uuid4)
    authority: str | None = AUTHORITY
    role: str = "ROLE_PRACTITIONER"

    def call(self, method: str = "OpenRecord", request: bytes = b"", service: str = "", **changed: Any) -> Caller:
        """Return the caller of one call."""
        full = f"/contactpoint.directory.v1.{service or _SERVICE.get(method, 'DirectoryService')}/{method}"
        act = an_act(
            request,
            mth=full,
            org=str(self.organisation),
            sub=str(self.person),
            sid=str(self.session),
            aut=self.authority,
            rol=self.role,
            **changed,
        )
        return _caller(act, full, request)


@dataclass(frozen=True)
class Supplier:
    """A registered supplier's system."""

    organisation: UUID = field(default_factory=uuid.uuid4)
    system: UUID = field(default_factory=uuid.uuid4)

    def call(
        self, method: str = "SupplyRows", request: bytes = b"", service: str = "SupplyService", **changed: Any
    ) -> Caller:
        """Return the caller of one call."""
        full = f"/contactpoint.directory.v1.{service}/{method}"
        act = a_suppliers_act(request, mth=full, org=str(self.organisation), sys=str(self.system), **changed)
        return _caller(act, full, request)


def _caller(act: object, method: str, request: bytes) -> Caller:
    return Caller(
        peer=Peer(process="gateway.edge", system=None, thumbprint="e" * 64),
        act=act,  # type: ignore[arg-type]
        token="token",
        digest=hashlib.sha256(request).digest(),
        method=method,
        channel="c" * 64,
    )


class World:
    """The directory's use cases over fakes."""

    def __init__(
        self, ledger: FakeLedger | None = None, *, entering: Ledger | None = None, settling: Settlements | None = None
    ) -> None:
        self.clock = SetClock(NOW)
        self.ledger = ledger or FakeLedger()
        self.ledger.now = self.clock.now
        # The same fake, or a client that speaks to it.
        entering, settling = entering or self.ledger, settling or self.ledger
        self.children = FakeChildren()
        self.records = FakeRecords(self.children)
        self.providers = FakeProviders(self.records)
        for one in (SCHOOL, PRACTICE, TEAM):
            self.providers.by_id[one.provider_id] = one
        look = LookAtChild(ledger=entering, records=self.records, children=self.children)
        conclude = ConcludeAct(settlements=settling)
        own = ChangeOwnServices(ledger=entering, records=self.records, conclude=conclude, clock=self.clock)
        self.search_children = SearchChildren(index=self.children, ledger=entering, criteria_key=b"c" * 32)
        self.open_record = OpenRecord(look_at_child=look, providers=self.providers, clock=self.clock)
        self.open_home = OpenHome(look_at_child=look)
        self.identify_child = IdentifyChild(ledger=entering, children=self.children)
        self.create_child = CreateChild(
            ledger=entering,
            records=self.records,
            children=self.children,
            conclude=conclude,
            clock=self.clock,
            criteria_key=b"c" * 32,
        )
        self.list_own_children = ListOwnChildren(ledger=entering, children=self.children, clock=self.clock)
        self.count_own_children = CountOwnChildren(ledger=entering, clock=self.clock)
        self.start_involvement = StartInvolvement(change_own_services=own, providers=self.providers)
        self.confirm_involvement = ConfirmInvolvement(change_own_services=own)
        self.end_involvement = EndInvolvement(change_own_services=own)
        self.mark_involvement = MarkInvolvement(change_own_services=own)
        self.report_contact_wrong = ReportContactWrong(change_own_services=own)
        self.register_provider = RegisterProvider(ledger=entering, providers=self.providers)
        self.amend_provider = AmendProvider(ledger=entering, providers=self.providers)
        self.list_providers = ListProviders(providers=self.providers, pages=SealedPageTokens(key=b"p" * 32))
        self.supply_rows = SupplyRows(
            ledger=entering,
            records=self.records,
            providers=self.providers,
            children=self.children,
            conclude=conclude,
            clock=self.clock,
            is_open=True,
        )
        self.settle_acts = SettleActs(settlements=settling, records=self.records)

    @contextmanager
    def calling(self, who: Person | Supplier, method: str = "OpenRecord", request: bytes = b"") -> Iterator[Caller]:
        """Serve one call of `who` for the block."""
        caller = who.call(method, request)
        with acting_for(caller):
            yield caller

    def as_(self, who: Person | Supplier, act: Callable[[Caller], T], method: str = "OpenRecord") -> T:
        """Return what `act` returns in a call of `who`."""
        with self.calling(who, method) as caller:
            return act(caller)

    def handle(self, who: Person, number: int) -> bytes:
        """Return a handle of the person's session for a child."""
        return self.as_(who, lambda _: self.ledger.handle_for(number))

    def search(self, who: Person, name: ChildName = ADA, born: DateOfBirth = BORN) -> bytes:
        """Search by name and date only, and return the search's handle."""
        question = Question(surname=name.surname, given_names=name.given_names, date_of_birth=born)
        return self.as_(who, lambda caller: self.search_children(caller, question), "SearchChildren").search_handle

    def created(self, who: Person, child: SuppliedChild | None = None) -> CreatedChild:
        """Create a child as `who` does it: having searched."""
        child = child or a_child()
        handle = self.search(who, child.name, child.date_of_birth)
        return self.as_(
            who,
            lambda caller: self.create_child(caller, idempotency_key=new_key(), search_handle=handle, child=child),
            "CreateChild",
        )

    def started(self, who: Person, number: int, **changed: object) -> StartedInvolvement:
        """Start an involvement with a child."""
        handle = self.handle(who, number)
        return self.as_(
            who,
            lambda caller: self.start_involvement(
                caller, idempotency_key=new_key(), handle=handle, new=an_involvement(**changed)
            ),
            "StartInvolvement",
        )

    def record(self, who: Person, number: int) -> RecordView:
        """Return the record as `who` sees it."""
        handle = self.handle(who, number)
        return self.as_(who, lambda caller: self.open_record(caller, Handle(value=handle), CONCERN)).view


def a_child(**changed: object) -> SuppliedChild:
    """Return what is said of a new child, with some of it changed."""
    child = SuppliedChild(
        name=ADA,
        date_of_birth=BORN,
        gender=Gender.FEMALE,
        authority=AUTHORITY,
        address=Address(state=AddressState.CURRENT, lines=("1 Hill Street", "Elmby"), postcode="ZZ1 1AA"),
        carers=(Carer(name="Anne Lovelace", telephone="07700 900001"),),
    )
    return replace(child, **changed)  # type: ignore[arg-type]


def a_row(**changed: object) -> SuppliedChild:
    """Return a supplier's row, with some of it changed."""
    known = SuppliedInvolvement(
        kind=InvolvementKind.ADDITIONAL,
        provider_id=TEAM.provider_id,
        practitioner="Sam Field",
        telephone="020 7946 0005",
        email="sam@example.org",
        start_date=DateOfBirth(2025, 1, 6),
        last_confirmed_at=datetime(2026, 5, 1, tzinfo=UTC),
        is_lead_professional=True,
        has_common_assessment=True,
    )
    row = {
        "former_names": (ChildName.full("King", "Ada"),),
        "school_urn": SCHOOL.urn,
        "school_start_date": DateOfBirth(2020, 9),
        "gp_ods_code": PRACTICE.ods_code,
        "gp_start_date": DateOfBirth(2016),
        "involvements": (known,),
    }
    return a_child(**{**row, **changed})


def an_involvement(**changed: object) -> NewInvolvement:
    """Return what a practitioner says of an involvement, with some of it changed."""
    new = NewInvolvement(
        kind=InvolvementKind.ADDITIONAL,
        provider_id=TEAM.provider_id,
        practitioner="Jo Brook",
        telephone="020 7946 0006",
        email="jo@example.org",
        is_lead_professional=False,
        has_common_assessment=False,
    )
    return replace(new, **changed)  # type: ignore[arg-type]
