"""The drill's cases, one after another in one restored suite; the last one changes the log for good."""

from __future__ import annotations

import time
from pathlib import Path

from deploy.backup import archive
from deploy.backup.drill.cases_directory import directory_taken_back
from deploy.backup.drill.cases_identity import identity_taken_back
from deploy.backup.drill.cases_ledger import ledger_lost_its_tail
from deploy.backup.drill.cases_shielding import shielding_taken_back
from deploy.backup.drill.deployment import DIRECTORY, IDENTITY, LEDGER, SHIELDING, Deployment, Kept, people_of
from deploy.backup.drill.life import Life, alone, once_reached
from deploy.backup.drill.remembered import NEWCOMER, NEWER, OLD, OLDER, Drill, closed_and_out
from deploy.local.demo.telling import Telling, check, refused
from deploy.local.settlement.inhabitants import settle_in
from deploy.local.settlement.supplying import settle

_APART_SECONDS = 0.3
_TAKEN_BACK = (LEDGER, DIRECTORY, IDENTITY, SHIELDING)
_OFFICERS_OF = "E08000035"
"""Leeds, whose shield officers are in the cast."""


def restore_drill(telling: Telling, folder: Path, *, children: int, is_sample: bool = False) -> None:
    """Tell the drill, as a sample without four of its cases; what goes wrong is kept in the telling."""
    kept = Kept(folder / "kept")
    first = Deployment(folder / "lost")
    try:
        drill = _lived(telling, kept, first, children)
        if drill is None or not telling.is_as_told():
            return
        people = people_of(first.suite.endpoints())
        with telling.step("lose", "every process is killed, every database, secret and certificate removed"):
            first.lose_everything(kept)
    finally:
        first.suite.stop()
    if not telling.is_as_told():
        return
    second = Deployment(folder / "restored")
    try:
        with telling.step("restore", "three of five shares, the sealed file and the backups make it anew"):
            second.begin_from(kept)
            second.suite.write_endpoints(people)
        if telling.is_as_told():
            drill.deployment, drill.life = second, Life(settle_in(second.suite, telling.say))
            others = () if is_sample else (_ledger_taken_back, shielding_taken_back, identity_taken_back)
            last = () if is_sample else (ledger_lost_its_tail,)
            for case in (_all_restored, *others, directory_taken_back, *last):
                case(drill)
    finally:
        second.suite.stop()


# before the loss ------------------------------------------------------------------------------------------------------


def _lived(telling: Telling, kept: Kept, deployment: Deployment, children: int) -> Drill | None:
    with telling.step("begin", "a suite with a PostgreSQL for each process, and people in it"):
        deployment.suite.start()
        cast = settle_in(deployment.suite, telling.say)
        story = settle(cast, children)
    if not telling.is_as_told():
        return None
    life, others = Life(cast), alone(children, story.today)
    drill = Drill(
        telling=telling,
        kept=kept,
        deployment=deployment,
        life=life,
        old=story.worried_about,
        changed=story.unique,
        shielded_before=story.limited,
        shielded_after=next(one for one in others if one.authority == _OFFICERS_OF),
        entered_after=next(others),
        moments={},
    )
    with telling.step("before", "a nurse records that she works with a child"):
        life.start_involvement("nurse", drill.old, OLD)
    with telling.step("backup", "root secrets are sealed and shared out; each database is backed up, its log archived"):
        deployment.back_up(kept)
    with telling.step("until", "an involvement and a shield, before the moment to which databases will be taken back"):
        life.start_involvement("nurse", drill.changed, OLDER)
        life.shield("social.worker", drill.shielded_before)
        time.sleep(_APART_SECONDS)
        drill.moments = {name: archive.moment(deployment.server(name)) for name in _TAKEN_BACK}
        time.sleep(_APART_SECONDS)
    with telling.step("since", "after it: involvements, a child, a shield, a suspension, a condition, a new account"):
        _live_on(drill)
    return drill


def _live_on(drill: Drill) -> None:
    life = drill.life
    life.start_involvement("nurse", drill.changed, NEWER)
    life.start_involvement("nurse", drill.entered_after, NEWER)
    life.create("nurse")
    life.start_involvement_with_created("nurse", NEWER)
    life.shield("social.worker", drill.shielded_after)
    life.suspend("health.visitor")
    life.record_condition("constable")
    life.bring_in(NEWCOMER)
    drill.entries = drill.deployment.entries()


# the cases ------------------------------------------------------------------------------------------------------------


def _all_restored(drill: Drill) -> None:
    """(a) All is lost, and all comes back to its last record."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("a_log", "(a) no entry that was acknowledged is missing, and the log is the one that was published"):
        check(deployment.entries() >= drill.entries, f"{drill.entries} entries")
        checkpoint = drill.kept.published_log / "checkpoint"
        code, said = deployment.operate(LEDGER, "check-log", "--checkpoint", checkpoint)
        check(code == 0, said)
    with step("a_store", "(a) the directory holds every act that the log says ended"):
        code, said = deployment.operate(DIRECTORY, "check-store", "--from", "0")
        check(code == 0 and "ok: nothing is lost" in said, said)
    with step("a_records", "(a) what was recorded is read, the last of it too"):
        check(OLD in life.telephones("nurse", drill.old), "the old number")
        check({OLDER, NEWER} <= life.telephones("nurse", drill.changed), "the newest number")
        check(life.finds_created("nurse"), "the new child")
        check(life.own_children("nurse") == 5, "five involvements of her own")  # noqa: PLR2004  # as she recorded them
    closed_and_out(drill, "a")


def _ledger_taken_back(drill: Drill) -> None:
    """(d) An older ledger is believed by nobody: acts of the others stay, the gap must be filled or published."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("d_back", "(d) the ledger alone is taken back to a moment before: its tail is missing"):
        deployment.take_back(LEDGER, drill.kept, drill.moments[LEDGER])
        deployment.suite.process(LEDGER).start()
        check(deployment.entries() < drill.entries, "fewer entries")
    with step("d_refused", "(d) every caller refuses it, however often it is asked; no record opens, nobody signs in"):
        for _ in range(3):
            refused("LEDGER_BEHIND", lambda: life.open("nurse", drill.old))
            refused("LEDGER_BEHIND", lambda: life.shield("social.worker", drill.old))
        refused("LEDGER_BEHIND", lambda: once_reached(lambda: life.record_condition("auditor")))
        refused("LEDGER_BEHIND", lambda: life.cast.signed_in("constable"))
        code, said = deployment.operate(DIRECTORY, "check-store")
        check(code != 0 and "LEDGER_BEHIND" in said, said)
    with step("d_again", "(d) restored to its last entry it is believed again"):
        deployment.put_newest_back(LEDGER)
        once_reached(lambda: life.open("nurse", drill.old))
