"""What the leader knows by heart: a fold over the log, the same whether an entry is new or read again at start."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from services.audit.ledger.domain.entry import (
    CREATED,
    INTAKE,
    OWN_STARTED,
    REENTERED_AFTER_GAP,
    RELEASED,
    ActSettled,
    ChildLimited,
    Entry,
    GapAccepted,
    GapPublished,
    GapReentered,
    LossAccepted,
    MediationChanged,
    Outcome,
    SearchEntered,
    Section,
    SessionsEnded,
    SessionStarted,
    StandingChanged,
    SubjectKind,
)
from services.audit.ledger.domain.gap import MOST_ROWS, Gap, Gaps
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.losses import Losses
from services.audit.ledger.domain.own_involvements import OwnInvolvements
from services.audit.ledger.domain.state_row import StateRow
from services.runtime.clock import london_day

SPENT_SECONDS = 60
"""A token lives ten seconds; one older than a minute is refused by its time."""
SEARCH_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Mediation:
    """For whom a mediator's session looks, as an entry says."""

    beneficiary: str
    organisation: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One live session, as its sign-in's entry says."""

    person: str
    organisation: str
    channel: str
    started_at: datetime
    mediation: Mediation | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """One search that a creation may refer to."""

    at: datetime
    session_tag: str
    effect: SearchEntered


@dataclass(slots=True)
class Usage:
    """What one party has had today, in London."""

    opened: int = 0
    rows: int = 0
    homes: int = 0
    searches: int = 0
    intake: int = 0
    created: int = 0


_NOTHING = Usage()


class Registers:
    """Standings, sessions, spent tokens, searches, counters and usage; changed by entries and by nothing else."""

    def __init__(self, keyring: Keyring, *, session_seconds: int) -> None:
        self._keyring = keyring
        self._session_life = timedelta(seconds=session_seconds)
        self.standings: dict[tuple[str, str], bytes] = {}
        self.sessions: dict[str, Session] = {}
        self.limited: set[int] = set()
        """Numbers of limited records; fed by the log of states, and by the entries that say so for sure."""
        self.own = OwnInvolvements()
        """Fed by the log of states too."""
        self.losses = Losses()
        self.gaps = Gaps()
        self.last_at: datetime | None = None
        self._sessions_of: defaultdict[str, set[str]] = defaultdict(set)
        self._spent: OrderedDict[str, tuple[datetime, bytes]] = OrderedDict()
        self._searches: OrderedDict[int, Search] = OrderedDict()
        self._counters: dict[bytes, int] = {}
        self._usage: defaultdict[tuple[str, str], Usage] = defaultdict(Usage)
        self._day: date | None = None
        self._asked: tuple[datetime, date] | None = None

    # --- questions ---

    def spent_by(self, jti: str) -> bytes | None:
        """Return the act that spent a token, empty for a look or search, or None if it is unspent."""
        found = self._spent.get(jti)
        return None if found is None else found[1]

    def search(self, index: int) -> Search | None:
        """Return a search of the last ten minutes, by its entry's index."""
        return self._searches.get(index)

    def charged(self, ceiling: int, now: datetime) -> int:
        """Return what a party may have had of a ceiling in entries of today that are lost: half of it at most."""
        return min(MOST_ROWS * self.gaps.lost_on(self._day_of(now)), ceiling // 2) if self.gaps.published else 0

    def usage(self, kind: str, party: str, now: datetime) -> Usage:
        """Return what a party has had on the day of `now`."""
        found = self._usage.get((kind, party))
        return found if found is not None and self._day_of(now) == self._day else _NOTHING

    def count_of(self, keyed: bytes) -> int:
        """Return how many entries of this month are about a subject."""
        return self._counters.get(keyed[:16], 0)

    def sessions_of(self, person: str) -> frozenset[str]:
        """Return the tags of a person's live sessions."""
        return frozenset(self._sessions_of.get(person, ()))

    # --- the fold ---

    def apply(self, entry: Entry) -> None:  # noqa: C901, PLR0912  # one case a kind reads better together
        """Take in one entry, the next of the log."""
        draft, now = entry.draft, entry.at
        self.last_at = now
        for subject in entry.subjects:
            self._counters[subject.keyed[:16]] = subject.counter
        if draft.jti and draft.jti not in self._spent:
            self._spent[draft.jti] = (now, draft.act_id)
        self._count(entry)
        match draft.effect:
            case SessionStarted(started_at):
                self.sessions[draft.session_tag] = Session(draft.person, draft.organisation, draft.channel, started_at)
                self._sessions_of[draft.person].add(draft.session_tag)
                self._forget_sessions(started_at - self._session_life)
            case SessionsEnded(tags, person, is_every):
                self._end(person, self.sessions_of(person) if is_every else tags)
            case StandingChanged(kind, party, digest, change, ends_sessions):
                self.standings[(kind, party)] = digest
                if change == REENTERED_AFTER_GAP:
                    self.gaps.reenter_standing(kind, party, digest)
                if kind == "person":
                    self.losses.forget(party)
                if ends_sessions and kind == "person":
                    self._end(party, self.sessions_of(party))
            case SearchEntered() as effect:
                self._searches[entry.index] = Search(now, draft.session_tag, effect)
            case MediationChanged(beneficiary, organisation, until):
                mediation = Mediation(beneficiary, organisation, until) if beneficiary else None
                if found := self.sessions.get(draft.session_tag):
                    self.sessions[draft.session_tag] = replace(found, mediation=mediation)
            case ActSettled(act_id):
                self.own.forget(act_id)
            case LossAccepted(lost_digest, lost_count):
                self.losses.take(lost_digest, lost_count, draft.person, now)
            case GapPublished() | GapReentered() | GapAccepted() as effect:
                self._take_gap(effect, entry)
            case ChildLimited():
                self._limit(entry)
            case _:
                pass
        self._forget(now)

    def take(self, row: StateRow) -> None:
        """Take in one row of the log of states, the next."""
        if isinstance(row, int):
            self.limited.add(row)
        elif row is not None:
            self.own.take(row)

    def _limit(self, entry: Entry) -> None:
        """Take in that the children of an entry are limited.

        Their rows in the log of states say so too; but where a batch failed or a tail was lost, the same place in that
        log was sealed for twice, and what is written there may be the other one.
        """
        children = (one.sealed_number for one in entry.subjects if one.kind is SubjectKind.CHILD)
        self.limited.update(self._keyring.open_number(sealed) for sealed in children)

    def _take_gap(self, effect: GapPublished | GapReentered | GapAccepted, entry: Entry) -> None:
        match effect:
            case GapPublished(first, kept, last, root):
                self.gaps.publish(Gap(first, kept, last, root, entry.at))
                # Who signed out or was suspended in lost entries is remembered by nobody here.
                self.sessions.clear()
                self._sessions_of.clear()
                self._searches.clear()
            case GapReentered(process, count, newest, is_complete):
                self._limit(entry)
                self.gaps.reenter(process, count=count, newest=newest, is_complete=is_complete)
            case GapAccepted(gap_digest):
                self.gaps.accept(gap_digest, entry.draft.person, entry.at)

    def _end(self, person: str, tags: tuple[str, ...] | frozenset[str]) -> None:
        for tag in tags:
            if (found := self.sessions.get(tag)) and found.person == person:
                del self.sessions[tag]
                self._sessions_of[person].discard(tag)
        if not self._sessions_of.get(person):
            self._sessions_of.pop(person, None)

    def _count(self, entry: Entry) -> None:
        draft = entry.draft
        if (day := self._day_of(entry.at)) != self._day:
            self._usage.clear()
            self._day = day
        children = sum(subject.kind is SubjectKind.CHILD for subject in entry.subjects)
        opened = homes = rows = searches = intake = created = 0
        if isinstance(draft.effect, SearchEntered):
            searches = 1
            rows = children if draft.outcome is Outcome.ALLOWED else 0
        elif draft.rule == RELEASED:
            homes = int(Section.HOME in draft.sections)
            opened = 1 - homes
        elif draft.rule == OWN_STARTED:
            opened = homes = 1
        elif draft.rule == CREATED:
            created = 1
        elif draft.rule == INTAKE and draft.outcome is Outcome.ALLOWED:
            intake = children
        if not (opened or homes or rows or searches or intake or created):
            return
        for kind, party in parties_of(draft.person, draft.organisation, draft.system, self._keyring.environment):
            usage = self._usage[(kind, party)]
            usage.opened += opened
            usage.homes += homes
            usage.rows += rows
            usage.searches += searches
            usage.intake += intake
            usage.created += created

    def _day_of(self, instant: datetime) -> date:
        """Return the day in London; one batch asks for the same instant a thousand times."""
        if self._asked is None or self._asked[0] != instant:
            self._asked = (instant, london_day(instant))
        return self._asked[1]

    def _forget(self, now: datetime) -> None:
        while self._spent and now - next(iter(self._spent.values()))[0] > timedelta(seconds=SPENT_SECONDS):
            self._spent.popitem(last=False)
        while self._searches and now - next(iter(self._searches.values())).at > timedelta(seconds=SEARCH_SECONDS):
            self._searches.popitem(last=False)

    def _forget_sessions(self, before: datetime) -> None:
        while self.sessions and next(iter(self.sessions.values())).started_at < before:
            tag, old = next(iter(self.sessions.items()))
            self._end(old.person, (tag,))


def parties_of(person: str | None, organisation: str, system: str | None, environment: str) -> list[tuple[str, str]]:
    """Return the parties whose standing decides and whose ceilings count."""
    named = (("person", person), ("organisation", organisation), ("system", system), ("service", environment))
    return [(kind, party) for kind, party in named if party]
