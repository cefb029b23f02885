"""The ledger's RPCs: each translates, calls one use case, and translates back."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as stubs

from services.audit.ledger import (
    translate,
    translate_gaps,
    translate_losses,
    translate_shields,
    translate_standings,
    translate_stop,
)
from services.audit.ledger.use_cases.count_own_involvements import CountOwnInvolvements
from services.audit.ledger.use_cases.enter import Enter
from services.audit.ledger.use_cases.enter_enrolment import EnterEnrolment
from services.audit.ledger.use_cases.enter_founding import EnterFounding
from services.audit.ledger.use_cases.enter_intake import EnterIntake
from services.audit.ledger.use_cases.enter_look import EnterLook
from services.audit.ledger.use_cases.enter_own_children import EnterOwnChildren
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals
from services.audit.ledger.use_cases.enter_search import EnterSearch
from services.audit.ledger.use_cases.enter_session import EnterSession
from services.audit.ledger.use_cases.enter_stop import EnterStop
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.audit.ledger.use_cases.list_ended_acts import ListEndedActs
from services.audit.ledger.use_cases.list_leaves import ListLeaves
from services.audit.ledger.use_cases.list_shield_steps import ListShieldSteps
from services.audit.ledger.use_cases.list_standing_changes import ListStandingChanges
from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from services.audit.ledger.use_cases.lower_heads import LowerHeads
from services.audit.ledger.use_cases.open_index_key import OpenIndexKey
from services.audit.ledger.use_cases.read_entries import ReadEntries
from services.audit.ledger.use_cases.read_own_entries import ReadOwnEntries
from services.audit.ledger.use_cases.recover_shield_steps import RecoverShieldSteps
from services.audit.ledger.use_cases.reenter_shields import ReenterShields
from services.audit.ledger.use_cases.reenter_standings import ReenterStandings
from services.audit.ledger.use_cases.reissue_standings import ReissueStandings
from services.audit.ledger.use_cases.resume_act import ResumeAct
from services.audit.ledger.use_cases.settle import Settle
from services.runtime.caller import current_caller


@dataclass(frozen=True, kw_only=True)
class LedgerServicer(stubs.LedgerServiceServicer):
    enter_search: EnterSearch
    enter_look: EnterLook
    enter: Enter
    enter_intake: EnterIntake
    enter_own_children: EnterOwnChildren
    count_own_involvements: CountOwnInvolvements
    read_entries: ReadEntries
    read_own_entries: ReadOwnEntries

    def EnterSearch(self, request: pb.EnterSearchRequest, context: grpc.ServicerContext) -> pb.EnterSearchResponse:
        call = translate.call_of(current_caller())
        return translate.search_answer(self.enter_search(call, translate.search(request)))

    def EnterLook(self, request: pb.EnterLookRequest, context: grpc.ServicerContext) -> pb.EnterLookResponse:
        call = translate.call_of(current_caller())
        return translate.look_answer(self.enter_look(call, translate.look(request)))

    def Enter(self, request: pb.EnterRequest, context: grpc.ServicerContext) -> pb.EnterResponse:
        call = translate.call_of(current_caller())
        return translate.act_answer(self.enter(call, translate.act(request)))

    def EnterIntake(self, request: pb.EnterIntakeRequest, context: grpc.ServicerContext) -> pb.EnterIntakeResponse:
        call = translate.call_of(current_caller())
        return translate.intake_answer(self.enter_intake(call, translate.intake(request)))

    def EnterOwnChildren(
        self, request: pb.EnterOwnChildrenRequest, context: grpc.ServicerContext
    ) -> pb.EnterOwnChildrenResponse:
        call, due_before = translate.call_of(current_caller()), translate.instant(request.due_before)
        return translate.own_children_answer(self.enter_own_children(call, due_before, request.page_token))

    def CountOwnInvolvements(
        self, request: pb.CountOwnInvolvementsRequest, context: grpc.ServicerContext
    ) -> pb.CountOwnInvolvementsResponse:
        call, due_before = translate.call_of(current_caller()), translate.instant(request.due_before)
        return translate.own_count_answer(self.count_own_involvements(call, due_before))

    def ReadEntries(self, request: pb.ReadEntriesRequest, context: grpc.ServicerContext) -> pb.ReadEntriesResponse:
        call = translate.call_of(current_caller())
        return translate.reading_answer(self.read_entries(call, translate.reading(request)))

    def ReadOwnEntries(
        self, request: pb.ReadOwnEntriesRequest, context: grpc.ServicerContext
    ) -> pb.ReadOwnEntriesResponse:
        call = translate.call_of(current_caller())
        return translate.own_reading_answer(self.read_own_entries(call, request.page_size, request.page_token))


@dataclass(frozen=True, kw_only=True)
class ProcessServicer(stubs.ProcessServiceServicer):
    enter_session: EnterSession
    enter_refusals: EnterRefusals
    enter_enrolment: EnterEnrolment
    enter_founding: EnterFounding
    enter_stop: EnterStop
    open_index_key: OpenIndexKey
    settle: Settle
    list_unsettled_acts: ListUnsettledActs
    resume_act: ResumeAct
    list_ended_acts: ListEndedActs
    lower_heads: LowerHeads
    list_standing_changes: ListStandingChanges
    reissue_standings: ReissueStandings
    list_shield_steps: ListShieldSteps
    recover_shield_steps: RecoverShieldSteps
    reenter_shields: ReenterShields
    reenter_standings: ReenterStandings
    get_checkpoint: GetCheckpoint
    list_leaves: ListLeaves

    def EnterSession(self, request: pb.EnterSessionRequest, context: grpc.ServicerContext) -> pb.EnterSessionResponse:
        found = self.enter_session(translate.sign_in(request), correlation=translate.correlation())
        return translate.session_answer(found)

    def EnterRefusals(
        self, request: pb.EnterRefusalsRequest, context: grpc.ServicerContext
    ) -> pb.EnterRefusalsResponse:
        found = self.enter_refusals(translate.refusals(request), correlation=translate.correlation())
        return pb.EnterRefusalsResponse(receipt=translate.receipt(found))

    def EnterEnrolment(
        self, request: pb.EnterEnrolmentRequest, context: grpc.ServicerContext
    ) -> pb.EnterEnrolmentResponse:
        found = self.enter_enrolment(translate.enrolment(request), correlation=translate.correlation())
        return pb.EnterEnrolmentResponse(receipt=translate.receipt(found))

    def EnterFounding(
        self, request: pb.EnterFoundingRequest, context: grpc.ServicerContext
    ) -> pb.EnterFoundingResponse:
        found = self.enter_founding(translate.first_parties(request), correlation=translate.correlation())
        return pb.EnterFoundingResponse(receipt=translate.receipt(found))

    def EnterStop(self, request: pb.EnterStopRequest, context: grpc.ServicerContext) -> pb.EnterStopResponse:
        found = self.enter_stop(translate_stop.stop(request), correlation=translate.correlation())
        return pb.EnterStopResponse(receipt=translate.receipt(found))

    def OpenIndexKey(self, request: pb.OpenIndexKeyRequest, context: grpc.ServicerContext) -> pb.OpenIndexKeyResponse:
        return translate.index_key_answer(self.open_index_key(correlation=translate.correlation()))

    def Settle(self, request: pb.SettleRequest, context: grpc.ServicerContext) -> pb.SettleResponse:
        found = self.settle(request.act_id, is_done=request.done, correlation=translate.correlation())
        return translate.settle_answer(found)

    def ListUnsettledActs(
        self, request: pb.ListUnsettledActsRequest, context: grpc.ServicerContext
    ) -> pb.ListUnsettledActsResponse:
        return pb.ListUnsettledActsResponse(act_ids=self.list_unsettled_acts())

    def ResumeAct(self, request: pb.ResumeActRequest, context: grpc.ServicerContext) -> pb.ResumeActResponse:
        peer = translate.peer_of(current_caller())
        asked = translate.act(request.act)
        found = self.resume_act(request.token, peer, asked, correlation=translate.correlation())
        return translate.resume_answer(found)

    def ListEndedActs(
        self, request: pb.ListEndedActsRequest, context: grpc.ServicerContext
    ) -> pb.ListEndedActsResponse:
        return translate_losses.ended_acts_answer(self.list_ended_acts(request.from_index))

    def LowerHeads(self, request: pb.LowerHeadsRequest, context: grpc.ServicerContext) -> pb.LowerHeadsResponse:
        found = self.lower_heads(translate_losses.loss_part(request), correlation=translate.correlation())
        return translate_losses.lowered_answer(found)

    def ListStandingChanges(
        self, request: pb.ListStandingChangesRequest, context: grpc.ServicerContext
    ) -> pb.ListStandingChangesResponse:
        return translate_standings.changes_answer(self.list_standing_changes(request.from_index))

    def ReissueStandings(
        self, request: pb.ReissueStandingsRequest, context: grpc.ServicerContext
    ) -> pb.ReissueStandingsResponse:
        part, standings = translate_standings.loss_part(request), translate_standings.reissues(request)
        found = self.reissue_standings(part, standings, correlation=translate.correlation())
        return translate_standings.reissued_answer(found)

    def ReenterShields(
        self, request: pb.ReenterShieldsRequest, context: grpc.ServicerContext
    ) -> pb.ReenterShieldsResponse:
        found = self.reenter_shields(
            translate_gaps.hidden(request),
            newest=request.newest_index,
            is_complete=request.complete,
            correlation=translate.correlation(),
        )
        return translate_gaps.closed_answer(found)

    def ReenterStandings(
        self, request: pb.ReenterStandingsRequest, context: grpc.ServicerContext
    ) -> pb.ReenterStandingsResponse:
        changed = self.reenter_standings(
            translate_gaps.held(request),
            newest=request.newest_index,
            is_complete=request.complete,
            correlation=translate.correlation(),
        )
        return pb.ReenterStandingsResponse(changed=changed)

    def ListShieldSteps(
        self, request: pb.ListShieldStepsRequest, context: grpc.ServicerContext
    ) -> pb.ListShieldStepsResponse:
        return translate_shields.steps_answer(self.list_shield_steps(request.from_index))

    def RecoverShieldSteps(
        self, request: pb.RecoverShieldStepsRequest, context: grpc.ServicerContext
    ) -> pb.RecoverShieldStepsResponse:
        part = translate_shields.loss_part(request)
        found = self.recover_shield_steps(part, request.position, correlation=translate.correlation())
        return translate_shields.recovered_answer(found)

    def GetCheckpoint(
        self, request: pb.GetCheckpointRequest, context: grpc.ServicerContext
    ) -> pb.GetCheckpointResponse:
        return translate.checkpoint_answer(self.get_checkpoint())

    def ListLeaves(self, request: pb.ListLeavesRequest, context: grpc.ServicerContext) -> pb.ListLeavesResponse:
        return pb.ListLeavesResponse(leaves=self.list_leaves(request.from_index, request.page_size))
