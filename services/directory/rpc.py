"""The directory's RPCs: each translates, calls one use case, and translates back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import grpc
from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.directory.v1 import directory_service_pb2_grpc as rpc

from services.directory import translate, translate_answers
from services.directory.use_cases.acting_organisation import acting_organisation
from services.directory.use_cases.amend_provider import AmendProvider
from services.directory.use_cases.confirm_involvement import ConfirmInvolvement
from services.directory.use_cases.count_own_children import CountOwnChildren
from services.directory.use_cases.create_child import CreateChild
from services.directory.use_cases.end_involvement import EndInvolvement
from services.directory.use_cases.identify_child import IdentifyChild
from services.directory.use_cases.list_own_children import ListOwnChildren
from services.directory.use_cases.list_providers import ListProviders
from services.directory.use_cases.mark_involvement import MarkInvolvement
from services.directory.use_cases.open_home import OpenHome
from services.directory.use_cases.open_record import OpenRecord
from services.directory.use_cases.register_provider import RegisterProvider
from services.directory.use_cases.report_contact_wrong import ReportContactWrong
from services.directory.use_cases.search_children import SearchChildren
from services.directory.use_cases.start_involvement import StartInvolvement
from services.directory.use_cases.supply_rows import SupplyRows
from services.runtime.caller import Caller

CallerOf = Callable[[], Caller]


@dataclass(frozen=True, kw_only=True)
class DirectoryServicer(rpc.DirectoryServiceServicer):
    caller: CallerOf
    search_children: SearchChildren
    open_record: OpenRecord
    open_home: OpenHome
    identify_child: IdentifyChild
    create_child: CreateChild
    list_own_children: ListOwnChildren
    count_own_children: CountOwnChildren
    start_involvement: StartInvolvement
    confirm_involvement: ConfirmInvolvement
    end_involvement: EndInvolvement
    mark_involvement: MarkInvolvement
    report_contact_wrong: ReportContactWrong

    def SearchChildren(
        self, request: pb.SearchChildrenRequest, context: grpc.ServicerContext
    ) -> pb.SearchChildrenResponse:
        found = self.search_children(self.caller(), translate.question(request))
        return translate_answers.search_children(found)

    def OpenRecord(self, request: pb.OpenRecordRequest, context: grpc.ServicerContext) -> pb.OpenRecordResponse:
        opened = self.open_record(self.caller(), translate.claim(request), translate.reason(request.reason))
        return translate_answers.open_record(opened)

    def OpenHome(self, request: pb.OpenHomeRequest, context: grpc.ServicerContext) -> pb.OpenHomeResponse:
        opened = self.open_home(translate.claim(request), translate.reason(request.reason))
        return translate_answers.open_home(opened)

    def IdentifyChild(
        self, request: pb.IdentifyChildRequest, context: grpc.ServicerContext
    ) -> pb.IdentifyChildResponse:
        found = self.identify_child(
            translate.number(request.number),
            translate.name(request.name),
            translate.date(request.date_of_birth),
            translate.reason(request.reason),
        )
        return translate_answers.identify_child(found)

    def CreateChild(self, request: pb.CreateChildRequest, context: grpc.ServicerContext) -> pb.CreateChildResponse:
        created = self.create_child(
            self.caller(),
            idempotency_key=request.idempotency_key,
            search_handle=request.search_handle,
            child=translate.created_child(request),
        )
        return translate_answers.create_child(created)

    def ListOwnChildren(
        self, request: pb.ListOwnChildrenRequest, context: grpc.ServicerContext
    ) -> pb.ListOwnChildrenResponse:
        page = self.list_own_children(self.caller(), page_token=request.page_token)
        return translate_answers.list_own_children(page)

    def CountOwnChildren(
        self, request: pb.CountOwnChildrenRequest, context: grpc.ServicerContext
    ) -> pb.CountOwnChildrenResponse:
        return translate_answers.count_own_children(self.count_own_children(self.caller()))

    def StartInvolvement(
        self, request: pb.StartInvolvementRequest, context: grpc.ServicerContext
    ) -> pb.StartInvolvementResponse:
        started = self.start_involvement(
            self.caller(),
            idempotency_key=request.idempotency_key,
            handle=request.handle,
            new=translate.new_involvement(request),
        )
        return translate_answers.start_involvement(started)

    def ConfirmInvolvement(
        self, request: pb.ConfirmInvolvementRequest, context: grpc.ServicerContext
    ) -> pb.ConfirmInvolvementResponse:
        written = self.confirm_involvement(
            self.caller(),
            idempotency_key=request.idempotency_key,
            handle=request.handle,
            involvement_id=UUID(request.involvement_id),
        )
        return translate_answers.confirm_involvement(written)

    def EndInvolvement(
        self, request: pb.EndInvolvementRequest, context: grpc.ServicerContext
    ) -> pb.EndInvolvementResponse:
        written = self.end_involvement(
            self.caller(),
            idempotency_key=request.idempotency_key,
            handle=request.handle,
            involvement_id=UUID(request.involvement_id),
        )
        return translate_answers.end_involvement(written)

    def MarkInvolvement(
        self, request: pb.MarkInvolvementRequest, context: grpc.ServicerContext
    ) -> pb.MarkInvolvementResponse:
        written = self.mark_involvement(
            self.caller(),
            idempotency_key=request.idempotency_key,
            handle=request.handle,
            involvement_id=UUID(request.involvement_id),
            marks=translate.marks(request),
        )
        return translate_answers.mark_involvement(written)

    def ReportContactWrong(
        self, request: pb.ReportContactWrongRequest, context: grpc.ServicerContext
    ) -> pb.ReportContactWrongResponse:
        written = self.report_contact_wrong(
            self.caller(),
            idempotency_key=request.idempotency_key,
            handle=request.handle,
            involvement_id=UUID(request.involvement_id),
        )
        return translate_answers.report_contact_wrong(written)


@dataclass(frozen=True, kw_only=True)
class ProviderServicer(rpc.ProviderServiceServicer):
    caller: CallerOf
    register_provider: RegisterProvider
    amend_provider: AmendProvider
    list_providers: ListProviders

    def RegisterProvider(
        self, request: pb.RegisterProviderRequest, context: grpc.ServicerContext
    ) -> pb.RegisterProviderResponse:
        registered = self.register_provider(
            self.caller(),
            idempotency_key=request.idempotency_key,
            described=translate.described_provider(request),
        )
        return translate_answers.register_provider(registered)

    def AmendProvider(
        self, request: pb.AmendProviderRequest, context: grpc.ServicerContext
    ) -> pb.AmendProviderResponse:
        receipt = self.amend_provider(
            self.caller(),
            idempotency_key=request.idempotency_key,
            provider_id=UUID(request.provider_id),
            contact=translate.contact(request),
        )
        return translate_answers.amend_provider(receipt)

    def ListProviders(
        self, request: pb.ListProvidersRequest, context: grpc.ServicerContext
    ) -> pb.ListProvidersResponse:
        page = self.list_providers(
            translate.provider_filter(request, own_organisation=acting_organisation(self.caller())),
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return translate_answers.list_providers(page)


@dataclass(frozen=True, kw_only=True)
class SupplyServicer(rpc.SupplyServiceServicer):
    caller: CallerOf
    supply_rows: SupplyRows

    def SupplyRows(self, request: pb.SupplyRowsRequest, context: grpc.ServicerContext) -> pb.SupplyRowsResponse:
        supplied = self.supply_rows(
            self.caller(), idempotency_key=request.idempotency_key, rows=translate.supplied_rows(request)
        )
        return translate_answers.supply_rows(supplied)
