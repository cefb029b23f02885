"""Between wire messages and domain values, for what a restored identity asks; as `translate.py`."""

from __future__ import annotations

import hashlib

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb

from services.audit.ledger import translate, translate_stop
from services.audit.ledger.domain.entry import Receipt
from services.audit.ledger.use_cases.list_standing_changes import ListedChange, ListedChanges
from services.audit.ledger.use_cases.lower_heads import LossPart
from services.audit.ledger.use_cases.reissue_standings import SERVICE, Reissue


def loss_part(request: pb.ReissueStandingsRequest) -> LossPart:
    """Return one part of a loss."""
    return LossPart(
        acts=tuple((one.act_id, one.index) for one in request.acts),
        parts=tuple(request.parts),
        count=request.lost_count,
    )


def reissues(request: pb.ReissueStandingsRequest) -> tuple[Reissue, ...]:
    """Return what parties get; raises InvalidRequest for bytes that are no standing of the service."""
    return tuple(map(_reissue, request.standings))


def changes_answer(found: ListedChanges) -> pb.ListStandingChangesResponse:
    """Return what some entries say of standings."""
    return pb.ListStandingChangesResponse(
        changes=[_change(one) for one in found.changes], next_index=found.next_index, size=found.size
    )


def reissued_answer(receipt: Receipt | None) -> pb.ReissueStandingsResponse:
    """Return the newest entry's receipt, if there is one."""
    return pb.ReissueStandingsResponse(receipt=translate.receipt(receipt) if receipt else None)


def _reissue(one: pb.ReissuedStanding) -> Reissue:
    party = one.party
    return Reissue(
        party.kind,
        party.id,
        one.first_index,
        one.last_index,
        one.digest,
        is_stop=party.kind == SERVICE and bool(one.digest) and _is_stop(one),
    )


def _is_stop(one: pb.ReissuedStanding) -> bool:
    after = translate_stop.service_standing(one.standing)
    is_it = after.environment == one.party.id and hashlib.sha256(one.standing).digest() == one.digest
    return is_it and translate_stop.is_stop(after)


def _change(one: ListedChange) -> pb.StandingChange:
    effect = one.effect
    return pb.StandingChange(
        party=pb.Party(kind=effect.party_kind, id=effect.party_id),
        act_id=one.act_id,
        index=one.index,
        change=effect.change,
        digest=effect.digest,
        replaced_digest=effect.replaced_digest,
        held_digest=effect.held_digest,
        lost_digest=effect.lost_digest,
    )
