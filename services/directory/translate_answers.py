"""From domain values to the messages that answer."""

from __future__ import annotations

from datetime import datetime

from contactpoint.directory.v1 import directory_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from services.directory.domain import numbers
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Shape
from services.directory.domain.providers import Provider
from services.directory.domain.record import EducationView, InvolvementView, PracticeView
from services.directory.domain.statements import Address, Carer
from services.directory.ports import OwnCount, Receipt
from services.directory.use_cases.change_own_services import WrittenServices
from services.directory.use_cases.create_child import CreatedChild
from services.directory.use_cases.identify_child import IdentifiedChild
from services.directory.use_cases.list_own_children import OwnChildPage
from services.directory.use_cases.list_providers import ProviderPage
from services.directory.use_cases.open_home import OpenedHome
from services.directory.use_cases.open_record import OpenedRecord
from services.directory.use_cases.register_provider import RegisteredProvider
from services.directory.use_cases.search_children import ChildRow, SearchResult
from services.directory.use_cases.start_involvement import StartedInvolvement
from services.directory.use_cases.supply_rows import SuppliedRows


def search_children(found: SearchResult) -> pb.SearchChildrenResponse:
    """Return the rows, or none and "add details"."""
    return pb.SearchChildrenResponse(
        rows=[_row(row) for row in found.rows],
        add_details=found.add_details,
        search_handle=found.search_handle,
        receipt=receipt(found.receipt),
    )


def open_record(opened: OpenedRecord) -> pb.OpenRecordResponse:
    """Return the record, or its few fields."""
    view = opened.view
    return pb.OpenRecordResponse(
        number=numbers.ten_digits(view.number),
        name=name(view.identity.name),
        date_of_birth=date(view.identity.date_of_birth),
        gender=view.identity.gender.value,  # type: ignore[arg-type]  # the enum's numbers are the contract's
        is_limited=view.is_limited,
        former_names=[name(one) for one in view.former_names],
        education=_education(view.education) if view.education is not None else None,
        gp_practice=_practice(view.gp_practice) if view.gp_practice is not None else None,
        involvements=[_involvement(one) for one in view.involvements],
        handle=opened.handle,
        receipt=receipt(opened.receipt),
    )


def open_home(opened: OpenedHome) -> pb.OpenHomeResponse:
    """Return the home; of a limited record that it is one."""
    view = opened.view
    return pb.OpenHomeResponse(
        is_limited=view.is_limited,
        address=_address(view.address) if view.address is not None else None,
        carers=[_carer(one) for one in view.carers],
        handle=opened.handle,
        receipt=receipt(opened.receipt),
    )


def identify_child(found: IdentifiedChild) -> pb.IdentifyChildResponse:
    """Return the handle."""
    return pb.IdentifyChildResponse(handle=found.handle, receipt=receipt(found.receipt))


def create_child(created: CreatedChild) -> pb.CreateChildResponse:
    """Return the new child's number and handle."""
    return pb.CreateChildResponse(
        number=numbers.ten_digits(created.number), handle=created.handle, receipt=receipt(created.receipt)
    )


def list_own_children(page: OwnChildPage) -> pb.ListOwnChildrenResponse:
    """Return a page of own children."""
    return pb.ListOwnChildrenResponse(
        rows=[
            pb.OwnChildRow(
                handle=one.handle,
                name=name(entry.name),
                date_of_birth=date(entry.date_of_birth),
                gender=entry.gender.value,  # type: ignore[arg-type]  # the enum's numbers are the contract's
                involvement_id=str(one.involvement_id),
                last_confirmed_at=_stamp(one.last_confirmed_at),
                is_due=one.is_due,
            )
            for one, entry in page.rows
        ],
        next_page_token=page.next_page_token,
        total=page.count.total,
        due=page.count.due,
        oldest_confirmed_at=_stamp(page.count.oldest_confirmed_at) if page.count.oldest_confirmed_at else None,
        receipt=receipt(page.receipt),
    )


def count_own_children(count: OwnCount) -> pb.CountOwnChildrenResponse:
    """Return the counts."""
    return pb.CountOwnChildrenResponse(
        total=count.total,
        due=count.due,
        oldest_confirmed_at=_stamp(count.oldest_confirmed_at) if count.oldest_confirmed_at else None,
    )


def start_involvement(started: StartedInvolvement) -> pb.StartInvolvementResponse:
    """Return the involvement's id."""
    return pb.StartInvolvementResponse(
        involvement_id=str(started.involvement_id), handle=started.handle, receipt=receipt(started.receipt)
    )


def confirm_involvement(written: WrittenServices) -> pb.ConfirmInvolvementResponse:
    """Return a fresh handle and the receipt."""
    return pb.ConfirmInvolvementResponse(handle=written.handle, receipt=receipt(written.receipt))


def end_involvement(written: WrittenServices) -> pb.EndInvolvementResponse:
    """Return a fresh handle and the receipt."""
    return pb.EndInvolvementResponse(handle=written.handle, receipt=receipt(written.receipt))


def mark_involvement(written: WrittenServices) -> pb.MarkInvolvementResponse:
    """Return a fresh handle and the receipt."""
    return pb.MarkInvolvementResponse(handle=written.handle, receipt=receipt(written.receipt))


def report_contact_wrong(written: WrittenServices) -> pb.ReportContactWrongResponse:
    """Return a fresh handle and the receipt."""
    return pb.ReportContactWrongResponse(handle=written.handle, receipt=receipt(written.receipt))


def register_provider(registered: RegisteredProvider) -> pb.RegisterProviderResponse:
    """Return the provider's id."""
    return pb.RegisterProviderResponse(provider_id=str(registered.provider_id), receipt=receipt(registered.receipt))


def amend_provider(entered: Receipt) -> pb.AmendProviderResponse:
    """Return the receipt."""
    return pb.AmendProviderResponse(receipt=receipt(entered))


def list_providers(page: ProviderPage) -> pb.ListProvidersResponse:
    """Return a page of providers."""
    return pb.ListProvidersResponse(
        providers=[provider(one) for one in page.providers], next_page_token=page.next_page_token
    )


def supply_rows(supplied: SuppliedRows) -> pb.SupplyRowsResponse:
    """Return the acknowledgement, the same of every row."""
    return pb.SupplyRowsResponse(taken=supplied.taken, receipt=receipt(supplied.receipt))


def receipt(kept: Receipt) -> pb.Receipt:
    """Return a receipt."""
    return pb.Receipt(index=kept.index, leaf=kept.leaf)


def name(called: ChildName) -> pb.ChildName:
    """Return a name in its shape."""
    match called.shape:
        case Shape.FULL:
            return pb.ChildName(full=pb.FullName(surname=called.surname, given_names=called.given_names))
        case Shape.SINGLE:
            return pb.ChildName(single=called.surname)
        case Shape.NOT_YET_NAMED:
            return pb.ChildName(not_yet_named=called.surname)


def date(day: DateOfBirth) -> pb.DateOfBirth:
    """Return a date with its precision."""
    return pb.DateOfBirth(year=day.year, month=day.month, day=day.day, is_estimated=day.is_estimated)


def provider(known: Provider) -> pb.ProviderContact:
    """Return a provider with the numbers that answer."""
    return pb.ProviderContact(
        provider_id=str(known.provider_id),
        name=known.name,
        kind=known.kind.value,  # type: ignore[arg-type]  # the enum's numbers are the contract's
        telephone=known.contact.telephone,
        telephone_out_of_hours=known.contact.telephone_out_of_hours,
        email=known.contact.email,
    )


def _stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def _row(row: ChildRow) -> pb.ChildRow:
    return pb.ChildRow(
        handle=row.handle,
        name=name(row.current.name),
        date_of_birth=date(row.current.date_of_birth),
        gender=row.current.gender.value,  # type: ignore[arg-type]  # the enum's numbers are the contract's
        is_limited=row.is_limited,
    )


def _education(view: EducationView) -> pb.Education:
    start_date = date(view.start_date) if view.start_date is not None else None
    if view.setting is not None:
        return pb.Education(
            setting=provider(view.setting), start_date=start_date, is_reported_wrong=view.is_reported_wrong
        )
    if view.state is not None:
        return pb.Education(state=view.state.value, start_date=start_date)  # type: ignore[arg-type]  # as above
    return pb.Education(start_date=start_date)


def _practice(view: PracticeView) -> pb.GpPractice:
    return pb.GpPractice(
        practice=provider(view.practice) if view.practice is not None else None,
        start_date=date(view.start_date) if view.start_date is not None else None,
        is_reported_wrong=view.is_reported_wrong,
    )


def _involvement(view: InvolvementView) -> pb.Involvement:
    one = view.involvement
    return pb.Involvement(
        involvement_id=str(one.involvement_id),
        kind=one.kind.value,  # type: ignore[arg-type]  # as above
        provider=provider(view.provider) if view.provider is not None else None,
        practitioner=one.practitioner,
        telephone=one.telephone,
        email=one.email,
        start_date=date(one.start_date) if one.start_date is not None else None,
        last_confirmed_at=_stamp(one.confirmed_at),
        is_unconfirmed=view.is_unconfirmed,
        is_reported_wrong=view.is_reported_wrong,
        is_lead_professional=view.is_lead_professional,
        has_common_assessment=one.has_common_assessment,
        is_own=view.is_own,
        is_mine=view.is_mine,
    )


def _address(address: Address) -> pb.Address:
    return pb.Address(
        state=address.state.value,  # type: ignore[arg-type]  # as above
        lines=address.lines,
        postcode=address.postcode,
    )


def _carer(carer: Carer) -> pb.Carer:
    return pb.Carer(name=carer.name, telephone=carer.telephone, email=carer.email)
