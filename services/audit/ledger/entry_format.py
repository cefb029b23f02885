"""An entry's stored bytes, made once and committed to; never serialised again."""

from __future__ import annotations

from datetime import UTC, datetime

from contactpoint.access.v1 import access_pb2
from contactpoint.audit.ledger.v1 import entry_pb2 as pb
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from services.audit.ledger.domain.entry import (
    ActSettled,
    ChildLimited,
    Draft,
    Effect,
    Entry,
    GapAccepted,
    GapPublished,
    GapReentered,
    HeadsLowered,
    LeafLost,
    LogFounded,
    LossAccepted,
    MediationChanged,
    Outcome,
    SearchEntered,
    Section,
    SessionsEnded,
    SessionStarted,
    StandingChanged,
    SubjectKind,
    TaggedSubject,
)
from services.audit.ledger.domain.gap import Gap

FORMAT = 1
FORMAT_OF_GAPS = 2
"""A ledger of release 1 cannot read these, and so does not lead past what it would not understand."""
_NEWEST_OF_RELEASE_1 = access_pb2.ROLE_NATIONAL_ADMINISTRATOR


def encode(entry: Entry, environment: str) -> bytes:
    """Return the bytes of an entry: a serialised contactpoint.audit.ledger.v1.Entry."""
    draft = entry.draft
    role = access_pb2.Role.Value(draft.role) if draft.role else access_pb2.ROLE_UNSPECIFIED
    # A ledger of release 1 that may have to lead again must be able to read every entry.
    is_newer = role > _NEWEST_OF_RELEASE_1
    made = pb.Entry(
        version=FORMAT_OF_GAPS if isinstance(draft.effect, LeafLost | GapPublished) else FORMAT,
        index=entry.index,
        at=_timestamp(entry.at),
        environment=environment,
        act=draft.act,
        act_id=draft.act_id,
        person=draft.person,
        role=access_pb2.ROLE_UNSPECIFIED if is_newer else role,
        newer_role=draft.role if is_newer else "",
        organisation=draft.organisation,
        session_tag=draft.session_tag,
        amr=draft.amr,
        channel=draft.channel,
        system=draft.system,
        beneficiary=draft.beneficiary,
        sections=[pb.Section.ValueType(section) for section in draft.sections],
        outcome=pb.Outcome.ValueType(draft.outcome),
        rule=draft.rule,
        correlation=draft.correlation,
        jti=draft.jti,
        count=draft.count,
    )
    if draft.reason_code:
        made.reason.code, made.reason.text = draft.reason_code, draft.reason_text
    for one in entry.subjects:
        made.subjects.add(
            kind=pb.SubjectKind.ValueType(one.kind),
            subject=one.keyed,
            counter=one.counter,
            sealed_number=one.sealed_number,
        )
    if draft.effect is not None:
        _encode_effect(made, draft.effect)
    return made.SerializeToString()


def decode(body: bytes) -> Entry:
    """Return the entry of stored bytes; raises ValueError for anything else. Whom it is about stays keyed."""
    try:
        found = pb.Entry.FromString(body)
    except DecodeError:
        raise ValueError("not an entry") from None
    if found.version not in (FORMAT, FORMAT_OF_GAPS):
        raise ValueError("an entry of another format")
    draft = Draft(
        act=found.act,
        outcome=Outcome(found.outcome),
        rule=found.rule,
        act_id=found.act_id,
        person=found.person,
        role=found.newer_role or (access_pb2.Role.Name(found.role) if found.role else ""),
        organisation=found.organisation,
        session_tag=found.session_tag,
        amr=tuple(found.amr),
        channel=found.channel,
        system=found.system,
        beneficiary=found.beneficiary,
        reason_code=found.reason.code,
        reason_text=found.reason.text,
        sections=tuple(Section(section) for section in found.sections),
        correlation=found.correlation,
        jti=found.jti,
        count=found.count,
        effect=_effect(found),
    )
    subjects = tuple(
        TaggedSubject(SubjectKind(one.kind), one.subject, one.counter, one.sealed_number) for one in found.subjects
    )
    return Entry(index=found.index, at=_instant(found.at), draft=draft, subjects=subjects)


def said_leaf(entry: Entry, origin: str) -> bytes | None:
    """Return the leaf of an entry that says itself which it has; None: it is the commitment to its body."""
    match entry.draft.effect:
        case LeafLost(leaf):
            return leaf
        case GapPublished(first, kept, last, root):
            return Gap(first, kept, last, root, entry.at).leaf(origin)
        case _:
            return None


def _encode_effect(made: pb.Entry, effect: Effect) -> None:  # noqa: C901, PLR0912  # one case a kind reads better together
    match effect:
        case SessionStarted(started_at):
            made.session_started.started_at.CopyFrom(_timestamp(started_at))
        case SessionsEnded(tags, person, is_every):
            made.sessions_ended.CopyFrom(pb.SessionsEnded(session_tags=tags, person=person, all=is_every))
        case StandingChanged():
            made.standing_changed.CopyFrom(
                pb.StandingChanged(
                    party_kind=effect.party_kind,
                    party_id=effect.party_id,
                    digest=effect.digest,
                    change=effect.change,
                    ends_sessions=effect.ends_sessions,
                    replaced_digest=effect.replaced_digest,
                    held_digest=effect.held_digest,
                    lost_digest=effect.lost_digest,
                )
            )
        case SearchEntered(criteria, name_and_date_only, add_details, candidates):
            made.search_entered.CopyFrom(
                pb.SearchEntered(
                    criteria_digest=criteria,
                    name_and_date_only=name_and_date_only,
                    add_details=add_details,
                    sealed_candidates=candidates,
                )
            )
        case LogFounded(origin, digest):
            made.log_founded.CopyFrom(pb.LogFounded(origin=origin, limits_digest=digest))
        case ActSettled(act_id, is_done, replaced, new):
            made.act_settled.CopyFrom(pb.ActSettled(act_id=act_id, done=is_done, replaced_head=replaced, new_head=new))
        case ChildLimited(is_interim):
            made.child_limited.CopyFrom(pb.ChildLimited(interim=is_interim))
        case MediationChanged(beneficiary, organisation, until):
            made.mediation_changed.CopyFrom(
                pb.MediationChanged(beneficiary=beneficiary, organisation=organisation, until=_timestamp(until))
            )
        case LossAccepted(digest, count):
            made.loss_accepted.CopyFrom(pb.LossAccepted(lost_digest=digest, lost_count=count))
        case HeadsLowered(act_id, digest, lowered, closed):
            made.heads_lowered.CopyFrom(
                pb.HeadsLowered(act_id=act_id, lost_digest=digest, lowered=lowered, closed=closed)
            )
        case LeafLost(leaf):
            made.leaf_lost.CopyFrom(pb.LeafLost(leaf=leaf))
        case GapPublished(first, kept, last, root):
            made.gap_published.CopyFrom(pb.GapPublished(first=first, kept=kept, last=last, root=root))
        case GapReentered(process, count, newest, is_complete):
            made.gap_reentered.CopyFrom(
                pb.GapReentered(process=process, count=count, newest=newest, complete=is_complete)
            )
        case GapAccepted(digest):
            made.gap_accepted.CopyFrom(pb.GapAccepted(gap_digest=digest))


def _effect(found: pb.Entry) -> Effect | None:  # noqa: C901, PLR0911, PLR0912  # one line a kind reads better together
    match found.WhichOneof("effect"):
        case "session_started":
            return SessionStarted(_instant(found.session_started.started_at))
        case "sessions_ended":
            ended = found.sessions_ended
            return SessionsEnded(tuple(ended.session_tags), ended.person, ended.all)
        case "standing_changed":
            changed = found.standing_changed
            return StandingChanged(
                changed.party_kind,
                changed.party_id,
                changed.digest,
                changed.change,
                changed.ends_sessions,
                changed.replaced_digest,
                changed.held_digest,
                changed.lost_digest,
            )
        case "search_entered":
            search = found.search_entered
            return SearchEntered(
                search.criteria_digest, search.name_and_date_only, search.add_details, search.sealed_candidates
            )
        case "log_founded":
            return LogFounded(found.log_founded.origin, found.log_founded.limits_digest)
        case "act_settled":
            settled = found.act_settled
            return ActSettled(settled.act_id, settled.done, settled.replaced_head, settled.new_head)
        case "child_limited":
            return ChildLimited(found.child_limited.interim)
        case "mediation_changed":
            changed_to = found.mediation_changed
            return MediationChanged(changed_to.beneficiary, changed_to.organisation, _instant(changed_to.until))
        case "loss_accepted":
            return LossAccepted(found.loss_accepted.lost_digest, found.loss_accepted.lost_count)
        case "heads_lowered":
            gone = found.heads_lowered
            return HeadsLowered(gone.act_id, gone.lost_digest, gone.lowered, gone.closed)
        case "leaf_lost":
            return LeafLost(found.leaf_lost.leaf)
        case "gap_published":
            gap = found.gap_published
            return GapPublished(gap.first, gap.kept, gap.last, gap.root)
        case "gap_reentered":
            said = found.gap_reentered
            return GapReentered(said.process, said.count, said.newest, said.complete)
        case "gap_accepted":
            return GapAccepted(found.gap_accepted.gap_digest)
        case _:
            return None


def _timestamp(instant: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(instant)
    return made


def _instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
