"""A ledger in memory whose tail is lost: what it was, what is left of it, and how it comes to lead again."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

from services.audit.ledger.domain.entry import Section
from services.audit.ledger.domain.gap import OpenGap
from services.audit.ledger.effects.accept_gap import AcceptGap
from services.audit.ledger.following import Following
from services.audit.ledger.publish_gap import PublishGap
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from services.audit.ledger.storage.public_log import PublicLog
from services.audit.ledger.use_cases.reenter_shields import Closed, HiddenChild, ReenterShields
from services.audit.ledger.use_cases.reenter_standings import HeldStanding, ReenterStandings
from tests.fakes.audit_ledger import ENVIRONMENT, Kept, Ledger, MemoryStore, Person, candidate, in_memory
from tests.unit.verify_log import small_log

ORIGIN = f"{ENVIRONMENT}.contactpoint/log"
TOKENS_ARE_OVER = 16.0
"""Seconds after which a gap may be accepted."""
ACCEPT = "audit.review:CustodyService/AcceptGap"


@dataclass
class LostTail:
    """A ledger, and a copy of its database from an earlier moment."""

    ledger: Ledger
    left: Kept
    folder: Path
    newest: int = 0
    """The newest entry that callers hold a receipt of."""
    closed: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """What shielding holds: children, and by whom they are hidden."""

    @classmethod
    def of(cls, ledger: Ledger, folder: Path) -> LostTail:
        """Return the copy of this moment; what happens from now on is lost."""
        return cls(ledger, left_of(ledger), folder)

    def publish_log(self) -> None:
        """Make the log public as it is at this moment."""
        kept = kept_of(self.ledger)
        leaves = [row.leaf for row in kept.rows]
        small_log.write(self.folder, {"checkpoint": kept.checkpoint.encode(), **small_log.bundles(leaves)})

    def lose(self) -> None:
        """Stop the ledger; only the copy is left."""
        self.newest = len(kept_of(self.ledger).rows) - 1
        self.ledger.stop()

    def publish_gap(self, through: int | None = None, *, lost: int | None = None, fails: str = "") -> OpenGap:
        """Publish that everything since the copy is lost; raises GapRefused, StoreUnavailable."""
        store = MemoryStore(self.left)
        store.fails = [fails] if fails else []
        following = self.following(store)
        public_log = PublicLog(self.folder) if (self.folder / "checkpoint").exists() else None
        publish = PublishGap(store=store, following=following, public_log=public_log)
        return publish(self.newest if through is None else through, lost=lost)

    def following(self, store: MemoryStore | None = None) -> Following:
        """Return what reads what is left of the log, as a standby or a command does."""
        return Following(
            store=store or MemoryStore(self.left),
            wrapping=FileKeyWrapping(b"r" * 32, environment=ENVIRONMENT),
            clock=self.ledger.clock,
            environment=ENVIRONMENT,
            limits_digest=None,
            session_seconds=self.ledger.limits.session_seconds,
        )

    def lead_again(self) -> None:
        """Start a ledger over what is left; people's standings are as identity knows them."""
        standings = self.ledger.standings
        self.ledger = in_memory(self.left, clock=self.ledger.clock)
        self.ledger.standings = standings

    def reenter_shields(self, *, newest: int | None = None, is_complete: bool = True) -> Closed:
        hidden = [HiddenChild(number=number, closed_by=persons) for number, persons in self.closed.items()]
        said = self.newest if newest is None else newest
        return ReenterShields(writer=self.ledger.writer)(hidden, newest=said, is_complete=is_complete)

    def reenter_standings(self, *, newest: int | None = None) -> int:
        held = [HeldStanding(*party, digest) for party, digest in self.ledger.standings.items()]
        said = self.newest if newest is None else newest
        return ReenterStandings(writer=self.ledger.writer)(held, newest=said, is_complete=True)

    def name(self) -> bytes:
        """Return the gap's name, as `show-gap` prints it now."""
        following = self.following()
        following.catch_up()
        assert following.known is not None
        found = following.known.registers.gaps.open
        assert found is not None, "no gap is open"
        return found.name(ORIGIN)

    def signed_in(self, who: Person) -> Person:
        """Return somebody with a session of now."""
        return self.ledger.sign_in(who.person, who.organisation, role=who.role, area=who.area)

    def accept(self, who: Person, name: bytes | None = None) -> None:
        """Accept the gap as somebody."""
        effect = AcceptGap(gap_digest=self.name() if name is None else name)
        self.ledger.enter(who, effect, method=ACCEPT)


def kept_of(ledger: Ledger) -> Kept:
    """Return what a ledger's database holds."""
    assert isinstance(ledger.store, MemoryStore)
    return ledger.store.kept


def left_of(ledger: Ledger) -> Kept:
    """Return a copy of a ledger's database, which nobody leads."""
    kept = kept_of(ledger)
    leader, kept.leader = kept.leader, None
    copied = copy.deepcopy(kept)
    kept.leader = leader
    return copied


class World:
    """A nurse, an officer, two custodians and three children; what happens in `tail` is lost."""

    def __init__(self, folder: Path) -> None:
        ledger = in_memory()
        ledger.found()
        self.nurse = ledger.somebody()
        self.officer = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
        self.custodians = [ledger.somebody("ROLE_CUSTODIAN") for _ in range(2)]
        self.open, self.hidden, self.rewritten = (ledger.create(self.nurse).number for _ in range(3))
        self.before = len(kept_of(ledger).rows)
        self.lost = LostTail.of(ledger, folder)

    @property
    def ledger(self) -> Ledger:
        return self.lost.ledger

    def hide(self) -> None:
        """Close a child's record, in the ledger and as shielding remembers it."""
        self.ledger.close(self.officer, number=self.hidden)
        self.lost.closed[self.hidden] = (self.officer.person,)

    def gap_open(self) -> None:
        """Lose what was since, at least a sign-in, and publish the gap."""
        self.ledger.founder()
        self.lost.lose()
        self.lost.publish_gap()
        self.lost.lead_again()

    def accepted(self) -> None:
        """From the loss to the second acceptance."""
        self.gap_open()
        self.lost.reenter_shields()
        self.lost.reenter_standings()
        self.ledger.clock.move(TOKENS_ARE_OVER)
        for one in self.custodians:
            self.lost.accept(self.lost.signed_in(one))
        self.nurse = self.lost.signed_in(self.nurse)

    def finds(self, number: int) -> bytes:
        """Return the handle that a search by whole name gives the nurse."""
        return self.ledger.search(self.nurse, [candidate(number)]).slots[0].handle

    def is_open(self, number: int) -> bool:
        """Whether the nurse is given the keys of more than the limited form."""
        found = self.ledger.look(self.nurse, self.finds(number))
        return any(one.version.section is Section.SERVICES for one in found.keys)
