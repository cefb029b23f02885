"""An act with its effect elsewhere ended: its pending versions become heads, or are dropped. The first word holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.entry import ActSettled, Draft, Outcome, Receipt
from services.audit.ledger.domain.key_row import KeyRow
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.state_row import StateRow
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.errors import NoSuchAct
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.settle_own import own_settled

_NO_HEADS = (0, 0)


@dataclass(frozen=True, slots=True)
class Settled:
    """How an act stands."""

    receipt: Receipt
    state: ActState


@dataclass(frozen=True, kw_only=True)
class Settle:
    """Settles acts."""

    writer: Writer

    def __call__(self, act_id: bytes, *, is_done: bool, correlation: str = "") -> Settled:
        """Return how the act stands, whatever was asked, once that is durable; raises NoSuchAct."""
        return self.writer.write(SettleWork(act_id, is_done, correlation))


@dataclass(frozen=True)
class SettleWork:
    """The end of one act, in its turn."""

    act_id: bytes
    is_done: bool
    correlation: str = ""
    is_own: bool = False
    """The ledger settles its own act."""
    goes_on_in_a_gap = True
    """What the log knows of an act, its end included, was entered before the gap."""

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        """Return the act."""
        return (self.act_id,)

    def numbers(self, _: Keyring, acts: Mapping[bytes, Act]) -> Iterable[int]:
        """Return the children whose rows the act changed."""
        act = acts.get(self.act_id)
        return _numbers(act) if act else ()

    def decide(self, batch: Batch) -> Decision[Settled]:
        """Return the act settled; one that was settled before stays as it is, and is entered again as such."""
        act = batch.acts.get(self.act_id)
        if act is None or act.settles_itself != self.is_own:
            raise NoSuchAct
        if act.state is not ActState.PENDING:
            return self._decision(act, rule="SETTLED_BEFORE")
        settled = replace(act, state=ActState.DONE if self.is_done else ActState.NOT_DONE)
        rows = [batch.children[number] for number in _numbers(act) if number in batch.children]
        heads = _heads(act, rows) if self.is_done else _NO_HEADS
        children = tuple(row.settled(act.act_id, is_done=self.is_done) for row in rows)
        state: StateRow = None
        if self.is_done and len(children) == 1:
            row, state = own_settled(batch, act, children[0])
            children = (row,)
        return self._decision(
            settled, rule=settled.state.name, heads=heads, acts=(settled,), children=children, states=(state,)
        )

    def _decision(
        self,
        act: Act,
        *,
        rule: str,
        heads: tuple[int, int] = _NO_HEADS,
        acts: tuple[Act, ...] = (),
        children: tuple[KeyRow, ...] = (),
        states: tuple[StateRow, ...] = (),
    ) -> Decision[Settled]:
        draft = Draft(
            act="act.settled",
            outcome=Outcome.ALLOWED,
            rule=rule,
            act_id=self.act_id,
            correlation=self.correlation,
            effect=ActSettled(self.act_id, act.state is ActState.DONE, *heads),
        )
        return Decision(
            entries=(draft,),
            acts=acts,
            children=children,
            states=states,
            answer=lambda receipts: Settled(receipts[-1], act.state),
        )


def _heads(act: Act, rows: Sequence[KeyRow]) -> tuple[int, int]:
    """Return which version stood before the act and which stands now, where it writes one statement.

    An act with several creates what it writes: it replaces nothing. The entry keeps this for the day on which the act
    is lost with a disk, since no key row remembers what was before.
    """
    if len(rows) != 1 or len(act.written) != 1 or len(act.written[0].sections) != 1:
        return _NO_HEADS
    found = rows[0].statement(act.written[0].sections[0], act.source)
    return (found.head, found.last) if found and found.pending_act == act.act_id else _NO_HEADS


def _numbers(act: Act) -> tuple[int, ...]:
    return tuple(one.number for one in act.written) or ((act.number,) if act.number else ())
