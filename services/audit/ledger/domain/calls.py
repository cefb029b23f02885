"""A call under somebody's token, and the entry it leaves: what is the same in every one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from services.audit.ledger.domain.entry import Draft, Outcome, Receipt, Subject, SubjectKind
from services.audit.ledger.domain.handle import Handle, HandleKind
from services.audit.ledger.domain.key_row import KeyRow
from services.audit.ledger.domain.work import Batch, Decision
from services.runtime.errors import ServiceError
from services.runtime.tokens import Act as Token

T = TypeVar("T")


class Refused(Exception):  # it names what happened
    """The rule says no: an entry names the rule, the caller gets the error, which says less."""

    def __init__(self, rule: str, error: ServiceError) -> None:
        super().__init__(rule)
        self.rule = rule
        self.error = error
        self.number = 0
        """The child it was about, where the caller had found it: "who looked" shows refused looks too."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call to the ledger under the token of the person (or supplier) whose own call caused it."""

    token: Token
    peer: str
    """The process that calls, by its certificate."""
    method: str
    """The ledger's method, "/package.Service/Method"."""
    correlation: str = ""
    is_resumed: bool = False
    """The token is of a call that a crash stopped: its time is over, its signature still says who acted."""

    @property
    def actor(self) -> str:
        """The person, or the system where no person acts."""
        return self.token.sub or self.token.sys or ""


def child(number: int) -> Subject:
    """Return a child as the subject of an entry."""
    return Subject(SubjectKind.CHILD, str(number))


def draft_of(
    call: Call, batch: Batch, *, outcome: Outcome, rule: str, about: Iterable[Subject] = (), **said: Any
) -> Draft:
    """Return the entry of a call: who, as whom, from where, by what; `about` is besides actor, organisation, system."""
    token = call.token
    session = batch.registers.sessions.get(token.sid or "")
    actors = (
        (SubjectKind.PERSON, token.sub),
        (SubjectKind.ORGANISATION, token.org),
        (SubjectKind.SYSTEM, token.sys),
        # So that the colleague finds what was done in the own name.
        (SubjectKind.PERSON, token.ben),
    )
    subjects = (*(Subject(kind, name) for kind, name in actors if name), *about)
    return Draft(
        act=token.mth,
        outcome=outcome,
        rule=rule,
        about=tuple(dict.fromkeys(subjects)),
        person=token.sub or "",
        role=token.rol or "",
        organisation=token.org,
        session_tag=token.sid or "",
        amr=token.amr,
        channel=session.channel if session else "",
        system=token.sys or "",
        beneficiary=token.ben or "",
        correlation=call.correlation,
        # A resumed call's token was perhaps spent long ago, and the act's name is what keeps it from happening twice.
        jti="" if call.is_resumed else token.jti,
        **said,
    )


def entering_refusals(
    call: Call,
    batch: Batch,
    decide: Callable[[], Decision[T]],
    *,
    act_id: bytes = b"",
    nothing: Callable[[tuple[Receipt, ...]], T] | None = None,
    **said: Any,
) -> Decision[T]:
    """Return what `decide` decides; a refusal of the rule becomes an entry too, then the error.

    `nothing` makes the answer where there is no such child for the caller and that is no error.
    """
    try:
        return decide()
    except Refused as refused:
        is_empty = isinstance(refused, NothingThere)
        outcome = Outcome.EMPTY if is_empty else Outcome.REFUSED
        subjects = (child(refused.number),) if refused.number else ()
        draft = draft_of(call, batch, outcome=outcome, rule=refused.rule, act_id=act_id, about=subjects, **said)
        if is_empty and nothing is not None:
            return Decision(entries=(draft,), answer=nothing)
        return Decision(entries=(draft,), refusal=refused.error, answer=never)


@contextmanager
def about(row: KeyRow | None) -> Iterator[None]:
    """Make refusals in the block refusals about a child, if it was found."""
    try:
        yield
    except Refused as refused:
        refused.number = refused.number or (row.number if row else 0)
        raise


class NothingThere(Refused):
    """There is no such child for this caller; every reason for it looks alike, in the entry too."""


def fresh_handle(call: Call, batch: Batch, number: int, *, by_whole_name: bool) -> Handle:
    """Return a handle of the caller's session for a child."""
    minted_at_ms = int(batch.now.timestamp() * 1000)
    return Handle(HandleKind.CHILD, number, call.token.sid or "", minted_at_ms, by_whole_name)


def never(_: tuple[Receipt, ...]) -> NoReturn:
    """Stand where a refusal leaves nothing to answer."""
    raise AssertionError("a refusal is raised, not answered")
