"""Identity's RPCs: each translates, calls one use case, and translates back."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as rpc

from services.identity import translate
from services.identity.use_cases.acknowledge_policy import AcknowledgePolicy
from services.identity.use_cases.add_person import AddPerson
from services.identity.use_cases.authorise import Authorise
from services.identity.use_cases.begin_enrolment import BeginEnrolment
from services.identity.use_cases.begin_mediation import BeginMediation
from services.identity.use_cases.change_accreditation import ChangeAccreditation
from services.identity.use_cases.change_person import acting
from services.identity.use_cases.complete_enrolment import CompleteEnrolment
from services.identity.use_cases.end_mediation import EndMediation
from services.identity.use_cases.end_sessions import EndSessions
from services.identity.use_cases.grant_role import GrantRole
from services.identity.use_cases.list_people import ListPeople
from services.identity.use_cases.list_sessions import ListSessions
from services.identity.use_cases.list_verification_keys import ListVerificationKeys
from services.identity.use_cases.name_people import NamePeople
from services.identity.use_cases.record_condition import RecordCondition
from services.identity.use_cases.register_organisation import RegisterOrganisation
from services.identity.use_cases.register_system import RegisterSystem
from services.identity.use_cases.reinstate_person import ReinstatePerson
from services.identity.use_cases.renew_enrolment import RenewEnrolment
from services.identity.use_cases.resume_service import ResumeService
from services.identity.use_cases.revoke_role import RevokeRole
from services.identity.use_cases.sign_in import SignIn
from services.identity.use_cases.sign_out import SignOut
from services.identity.use_cases.suspend_person import SuspendPerson
from services.runtime.caller import current_caller


@dataclass(frozen=True, kw_only=True)
class SignInServicer(rpc.SignInServiceServicer):
    sign_in: SignIn
    begin_enrolment: BeginEnrolment
    complete_enrolment: CompleteEnrolment

    def SignIn(self, request: pb.SignInRequest, context: grpc.ServicerContext) -> pb.SignInResponse:
        found = self.sign_in(current_caller(), username=request.username, password=request.password, code=request.code)
        return translate.sign_in_response(found)

    def BeginEnrolment(
        self, request: pb.BeginEnrolmentRequest, context: grpc.ServicerContext
    ) -> pb.BeginEnrolmentResponse:
        return translate.begin_enrolment_response(self.begin_enrolment(link=request.link_token, code=request.code))

    def CompleteEnrolment(
        self, request: pb.CompleteEnrolmentRequest, context: grpc.ServicerContext
    ) -> pb.CompleteEnrolmentResponse:
        outcome = self.complete_enrolment(
            current_caller(),
            link=request.link_token,
            code=request.code,
            password=request.password,
            totp_code=request.totp_code,
        )
        return pb.CompleteEnrolmentResponse(receipt=translate.receipt(outcome.receipt))


@dataclass(frozen=True, kw_only=True)
class SessionServicer(rpc.SessionServiceServicer):
    sign_out: SignOut
    list_sessions: ListSessions
    end_sessions: EndSessions
    acknowledge_policy: AcknowledgePolicy
    begin_mediation: BeginMediation
    end_mediation: EndMediation

    def SignOut(self, request: pb.SignOutRequest, context: grpc.ServicerContext) -> pb.SignOutResponse:
        outcome = self.sign_out(current_caller(), request.idempotency_key)
        return pb.SignOutResponse(receipt=translate.receipt(outcome.receipt))

    def ListSessions(self, request: pb.ListSessionsRequest, context: grpc.ServicerContext) -> pb.ListSessionsResponse:
        return translate.list_sessions_response(self.list_sessions(current_caller()))

    def EndSessions(self, request: pb.EndSessionsRequest, context: grpc.ServicerContext) -> pb.EndSessionsResponse:
        outcome = self.end_sessions(
            current_caller(), request.idempotency_key, tags=tuple(request.session_tags), is_all=request.all
        )
        return pb.EndSessionsResponse(receipt=translate.receipt(outcome.receipt))

    def AcknowledgePolicy(
        self, request: pb.AcknowledgePolicyRequest, context: grpc.ServicerContext
    ) -> pb.AcknowledgePolicyResponse:
        outcome = self.acknowledge_policy(
            current_caller(), request.idempotency_key, policy_version=request.policy_version
        )
        return pb.AcknowledgePolicyResponse(receipt=translate.receipt(outcome.receipt))

    def BeginMediation(
        self, request: pb.BeginMediationRequest, context: grpc.ServicerContext
    ) -> pb.BeginMediationResponse:
        found = self.begin_mediation(current_caller(), request.idempotency_key, username=request.colleague_username)
        return translate.begin_mediation_response(found)

    def EndMediation(self, request: pb.EndMediationRequest, context: grpc.ServicerContext) -> pb.EndMediationResponse:
        outcome = self.end_mediation(current_caller(), request.idempotency_key)
        return pb.EndMediationResponse(receipt=translate.receipt(outcome.receipt))


@dataclass(frozen=True, kw_only=True)
class PeopleServicer(rpc.PeopleServiceServicer):
    name_people: NamePeople

    def NamePeople(self, request: pb.NamePeopleRequest, context: grpc.ServicerContext) -> pb.NamePeopleResponse:
        found = self.name_people(current_caller(), people=request.person_ids, organisations=request.organisation_ids)
        return translate.name_people_response(found)


@dataclass(frozen=True, kw_only=True)
class AdministrationServicer(rpc.AdministrationServiceServicer):
    register_organisation: RegisterOrganisation
    change_accreditation: ChangeAccreditation
    register_system: RegisterSystem
    add_person: AddPerson
    renew_enrolment: RenewEnrolment
    record_condition: RecordCondition
    grant_role: GrantRole
    revoke_role: RevokeRole
    suspend_person: SuspendPerson
    reinstate_person: ReinstatePerson
    resume_service: ResumeService
    list_people: ListPeople

    def RegisterOrganisation(
        self, request: pb.RegisterOrganisationRequest, context: grpc.ServicerContext
    ) -> pb.RegisterOrganisationResponse:
        outcome = self.register_organisation(
            current_caller(),
            request.idempotency_key,
            name=request.name,
            kind=translate.organisation_kind(request.kind),
            authority=request.authority,
        )
        return pb.RegisterOrganisationResponse(
            organisation_id=outcome.party, receipt=translate.receipt(outcome.receipt)
        )

    def ChangeAccreditation(
        self, request: pb.ChangeAccreditationRequest, context: grpc.ServicerContext
    ) -> pb.ChangeAccreditationResponse:
        outcome = self.change_accreditation(
            current_caller(),
            request.idempotency_key,
            organisation=request.organisation_id,
            state=translate.accreditation(request.state),
            expires_at=translate.instant(request.expires_at),
        )
        return pb.ChangeAccreditationResponse(receipt=translate.receipt(outcome.receipt))

    def RegisterSystem(
        self, request: pb.RegisterSystemRequest, context: grpc.ServicerContext
    ) -> pb.RegisterSystemResponse:
        outcome = self.register_system(
            current_caller(),
            request.idempotency_key,
            system=request.system_id,
            organisation=request.organisation_id,
            purpose=translate.purpose(request.purpose),
            name=request.name,
        )
        return pb.RegisterSystemResponse(receipt=translate.receipt(outcome.receipt))

    def AddPerson(self, request: pb.AddPersonRequest, context: grpc.ServicerContext) -> pb.AddPersonResponse:
        caller = current_caller()
        outcome = self.add_person(
            caller,
            request.idempotency_key,
            organisation=request.organisation_id,
            username=request.username,
            contact=translate.contact(request, str(acting(caller).sub)),
        )
        return translate.add_person_response(outcome)

    def RenewEnrolment(
        self, request: pb.RenewEnrolmentRequest, context: grpc.ServicerContext
    ) -> pb.RenewEnrolmentResponse:
        outcome = self.renew_enrolment(current_caller(), request.idempotency_key, person=request.person_id)
        return translate.renew_enrolment_response(outcome)

    def RecordCondition(
        self, request: pb.RecordConditionRequest, context: grpc.ServicerContext
    ) -> pb.RecordConditionResponse:
        outcome = self.record_condition(
            current_caller(), request.idempotency_key, person=request.person_id, fact=translate.fact(request)
        )
        return pb.RecordConditionResponse(receipt=translate.receipt(outcome.receipt))

    def GrantRole(self, request: pb.GrantRoleRequest, context: grpc.ServicerContext) -> pb.GrantRoleResponse:
        outcome = self.grant_role(
            current_caller(),
            request.idempotency_key,
            person=request.person_id,
            role=translate.role(request.role),
            expires_at=translate.instant(request.expires_at),
            need=request.need,
        )
        return pb.GrantRoleResponse(receipt=translate.receipt(outcome.receipt))

    def RevokeRole(self, request: pb.RevokeRoleRequest, context: grpc.ServicerContext) -> pb.RevokeRoleResponse:
        outcome = self.revoke_role(
            current_caller(), request.idempotency_key, person=request.person_id, role=translate.role(request.role)
        )
        return pb.RevokeRoleResponse(receipt=translate.receipt(outcome.receipt))

    def SuspendPerson(
        self, request: pb.SuspendPersonRequest, context: grpc.ServicerContext
    ) -> pb.SuspendPersonResponse:
        outcome = self.suspend_person(current_caller(), request.idempotency_key, person=request.person_id)
        return pb.SuspendPersonResponse(receipt=translate.receipt(outcome.receipt))

    def ReinstatePerson(
        self, request: pb.ReinstatePersonRequest, context: grpc.ServicerContext
    ) -> pb.ReinstatePersonResponse:
        outcome = self.reinstate_person(current_caller(), request.idempotency_key, person=request.person_id)
        return pb.ReinstatePersonResponse(receipt=translate.receipt(outcome.receipt))

    def ResumeService(
        self, request: pb.ResumeServiceRequest, context: grpc.ServicerContext
    ) -> pb.ResumeServiceResponse:
        found = self.resume_service(current_caller(), request.idempotency_key)
        return pb.ResumeServiceResponse(receipt=translate.receipt(found.outcome.receipt), is_stopped=found.is_stopped)

    def ListPeople(self, request: pb.ListPeopleRequest, context: grpc.ServicerContext) -> pb.ListPeopleResponse:
        page = self.list_people(
            current_caller(),
            organisation=request.organisation_id,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return translate.list_people_response(page)


@dataclass(frozen=True, kw_only=True)
class AuthorisationServicer(rpc.AuthorisationServiceServicer):
    authorise: Authorise

    def Authorise(self, request: pb.AuthoriseRequest, context: grpc.ServicerContext) -> pb.AuthoriseResponse:
        token = self.authorise(translate.asked(request), current_caller().peer.thumbprint)
        return pb.AuthoriseResponse(token=token)


@dataclass(frozen=True, kw_only=True)
class VerificationKeysServicer(rpc.VerificationKeysServiceServicer):
    list_verification_keys: ListVerificationKeys

    def ListVerificationKeys(
        self, request: pb.ListVerificationKeysRequest, context: grpc.ServicerContext
    ) -> pb.ListVerificationKeysResponse:
        return pb.ListVerificationKeysResponse(keys=map(translate.verification_key, self.list_verification_keys()))
