"""An act across processes, killed between any two steps, the stalled one woken later: nothing lost or half done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.directory.domain.names import ChildName
from services.directory.ports import ActState, EnteredAct, Outcome, OwnInvolvement
from services.runtime.errors import ServiceError
from tests.builders.directory import Person, World, a_child, an_involvement, new_key
from tests.fakes.directory_ledger import FakeLedger

STEPS = ("before entering", "after entering", "before committing", "after committing", "after settling")


class Killed(Exception):
    """The process died here."""


class Crashing(FakeLedger):
    """A ledger whose caller dies, or stands still, at one step."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, Callable[[], None]] = {}

    def reach(self, step: str) -> None:
        self.at.pop(step, lambda: None)()

    def enter_statements(
        self,
        *,
        idempotency_key: str,
        handle: bytes,
        section: object,
        source: UUID,
        own_involvement: OwnInvolvement,
        involvement_id: UUID | None = None,
    ) -> EnteredAct:
        self.reach("before entering")
        entered = super().enter_statements(
            idempotency_key=idempotency_key,
            handle=handle,
            section=section,  # type: ignore[arg-type]
            source=source,
            own_involvement=own_involvement,
            involvement_id=involvement_id,
        )
        self.reach("after entering")
        return entered

    def settle(self, act_id: bytes, *, is_done: bool) -> ActState:
        self.reach("after committing")
        state = super().settle(act_id, is_done=is_done)
        self.reach("after settling")
        return state


def a_world() -> tuple[World, Crashing, Person, int]:
    ledger = Crashing()
    world = World(ledger)
    world.records.before_commit = lambda: ledger.reach("before committing")
    nurse = Person()
    return world, ledger, nurse, world.created(nurse, a_child(name=ChildName.full("Lovelace", "Ada"))).number


def start(world: World, who: Person, handle: bytes, key: str) -> bool:
    """Start an involvement; return whether the caller was told that it is done."""
    try:
        world.as_(
            who,
            lambda caller: world.start_involvement(
                caller, idempotency_key=key, handle=handle, new=an_involvement(practitioner="Jo Brook")
            ),
            "StartInvolvement",
        )
    except (Killed, ServiceError):
        return False
    return True


def killed() -> None:
    raise Killed


def check(world: World, ledger: Crashing, who: Person, number: int, acts: Sequence[bytes]) -> int:
    """Everything agrees: the ledger's word, this database's, and what a reader sees. Return how many acts are done."""
    assert ledger.unsettled_acts() == ()
    for act_id in acts:
        is_done = ledger.acts[act_id].state is ActState.DONE
        assert (world.records.acts.get(act_id) is Outcome.DONE) is is_done
    done = sum(ledger.acts[act_id].state is ActState.DONE for act_id in acts)
    assert len(world.record(who, number).involvements) == done
    return done


@given(
    st.lists(
        st.tuples(
            st.sampled_from(STEPS),
            st.booleans(),  # the sweeper comes before the retry
            st.integers(0, 2),  # retries
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=120)
def test_killed_between_any_two_steps(rounds: list[tuple[str, bool, int]]) -> None:
    world, ledger, nurse, number = a_world()
    before = set(ledger.acts)
    promised = 0
    for step, sweeps_first, retries in rounds:
        handle, key = world.handle(nurse, number), new_key()
        ledger.at = {step: killed}
        told = start(world, nurse, handle, key)
        ledger.at = {}
        if sweeps_first:
            world.settle_acts()
        # Whoever looks meanwhile sees a whole record, before or after, and no damage.
        world.record(nurse, number)
        for _ in range(retries):
            told = start(world, nurse, handle, key) or told
        world.settle_acts()
        promised += told
        # What was told stays so, and says the same again.
        assert not told or start(world, nurse, handle, key)
    done = check(world, ledger, nurse, number, [act_id for act_id in ledger.acts if act_id not in before])
    assert promised <= done <= len(rounds)


@given(st.sampled_from(STEPS[1:4]), st.sampled_from(["sweeper", "retry", "sweeper and retry", "another's act"]))
@settings(max_examples=40)
def test_a_stalled_process_that_wakes_later_cannot_do_it_twice(step: str, meanwhile: str) -> None:
    world, ledger, nurse, number = a_world()
    before = set(ledger.acts)
    handle, key = world.handle(nurse, number), new_key()
    stands, goes_on = threading.Event(), threading.Event()

    def stall() -> None:
        stands.set()
        assert goes_on.wait(5)

    ledger.at = {step: stall}
    told: list[bool] = []
    stalled = threading.Thread(target=lambda: told.append(start(world, nurse, handle, key)))
    stalled.start()
    assert stands.wait(5)
    again = False
    if "sweeper" in meanwhile:
        world.settle_acts()
    if "retry" in meanwhile:
        again = start(world, nurse, handle, key)
    if meanwhile == "another's act":
        world.settle_acts()
        again = start(world, nurse, handle, new_key())
    goes_on.set()
    stalled.join(5)
    world.settle_acts()
    acts = [act_id for act_id in ledger.acts if act_id not in before]
    done = check(world, ledger, nurse, number, acts)
    assert done <= len(acts)
    # Told that it is done: it is; told otherwise by everyone: the same key can still say how it ended.
    assert done >= (told[0] or again)
    assert start(world, nurse, handle, key) is (ledger.acts[acts[0]].state is ActState.DONE)
