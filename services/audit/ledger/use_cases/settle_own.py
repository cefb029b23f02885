"""What a settled act makes of people's own involvements: in the child's key row, and in the log of states."""

from __future__ import annotations

from dataclasses import replace

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.key_row import MOST_OWN, KeyRow
from services.audit.ledger.domain.own_involvements import OwnAnnounced, OwnEnded, OwnHeld, day_of, involvement_of
from services.audit.ledger.domain.state_row import StateRow
from services.audit.ledger.domain.work import Batch

_STARTS, _ENDS = 1, 2


def own_settled(batch: Batch, act: Act, row: KeyRow) -> tuple[KeyRow, StateRow]:
    """Return the key row and the row of the log of states after an act is done."""
    own, keyring, today = batch.registers.own, batch.keyring, day_of(batch.at)
    if act.own == _STARTS:
        held = OwnHeld(keyring.own_tag(act.person), row.number, involvement_of(act.act_id), today)
        # A seventeenth person's looks count against the ceiling: less is allowed, never more.
        others = _without(row, act.person)
        return (replace(row, own=(*others, act.person)) if len(others) < MOST_OWN else row), held
    announced = own.announced(act.act_id)
    if announced is None:
        return _ended_unnamed(batch, act, row) if act.own == _ENDS else (row, None)
    owner, tag = _owner(batch, act, row, announced)
    if not announced.ends:
        return row, OwnHeld(tag, row.number, announced.involvement, today) if tag else None
    ended = OwnEnded(tag, row.number, announced.involvement) if tag else None
    # Whoever has another involvement with the child keeps it as an own one.
    has_another = any(one != announced.involvement for one in own.with_child(keyring.own_tag(owner), row.number))
    return (row if has_another else replace(row, own=_without(row, owner))), ended


def _ended_unnamed(batch: Batch, act: Act, row: KeyRow) -> tuple[KeyRow, StateRow]:
    """As the release before writes it, which does not say which involvement ends: the child is no longer an own one."""
    tag = batch.keyring.own_tag(act.person)
    own = batch.registers.own.with_child(tag, row.number)
    ended = OwnEnded(tag, row.number, own[0]) if len(own) == 1 else None
    return replace(row, own=_without(row, act.person)), ended


def _owner(batch: Batch, act: Act, row: KeyRow, announced: OwnAnnounced) -> tuple[str, bytes | None]:
    """Return whose involvement an act is about, as the key row and as the log of states name the person.

    It may be a colleague's. Where nobody's is known (it was started before involvements were kept here, or supplied),
    one that is confirmed is taken in as the own one of who confirms it and has started one with this child.
    """
    own, keyring = batch.registers.own, batch.keyring
    for person in dict.fromkeys((act.person, *row.own)):
        tag = keyring.own_tag(person)
        if own.has(tag, row.number, announced.involvement):
            return person, tag
    if len(row.own) >= MOST_OWN and (found := own.anybody_with(row.number, announced.involvement)):
        return "", found
    tag = keyring.own_tag(act.person)
    is_taken_in = not announced.ends and act.person in row.own and not own.with_child(tag, row.number)
    return act.person, tag if is_taken_in else None


def _without(row: KeyRow, person: str) -> tuple[str, ...]:
    return tuple(one for one in row.own if one != person)
