"""The drill's cases, one after another in one restored suite; the last one changes the log for good."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.backup import archive
from deploy.backup.drill.deployment import DIRECTORY, IDENTITY, LEDGER, Deployment, Kept, people_of
from deploy.backup.drill.life import Life, alone, once_reached
from deploy.local.demo.telling import NotAsTold, Telling, check, refused
from deploy.local.population.child import Child
from deploy.local.settlement.inhabitants import settle_in
from deploy.local.settlement.outside import Refused
from deploy.local.settlement.supplying import settle

_OLD, _OLDER, _NEWER = "0113 496 0701", "0113 496 0702", "0113 496 0703"
_LOST_ACTS = 4
"""What `_live_on` does in the directory after the moment: two involvements, one created child and its involvement."""
_LOSS = re.compile(r"^loss: ([0-9a-f]{64}) ([0-9]+)$", re.MULTILINE)
_AGAIN = re.compile(r"^again: check-store --from ([0-9]+)$", re.MULTILINE)
_APART_SECONDS = 0.3
_NO_PROOF = {"SIGN_IN_REFUSED", "DEPENDENCY_UNAVAILABLE", ""}


@dataclass
class Drill:
    """What is remembered of the life before the loss: what people know, and no machine any more."""

    telling: Telling
    kept: Kept
    deployment: Deployment
    life: Life
    old: Child
    """Written before the base backups, and never since."""
    changed: Child
    """Written before the moment and after it."""
    shielded_before: Child
    shielded_after: Child
    entered_after: Child
    """Somebody began to work with this child after the moment."""
    moments: dict[str, str]
    entries: int = 0


def restore_drill(telling: Telling, folder: Path, *, children: int, is_sample: bool = False) -> None:
    """Tell the drill, as a sample without two of its cases; what goes wrong is kept in the telling."""
    kept = Kept(folder / "kept")
    first = Deployment(folder / "lost")
    try:
        drill = _lived(telling, kept, first, children)
        if not telling.is_as_told():
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
            others = () if is_sample else (_ledger_taken_back, _identity_taken_back)
            for case in (_all_restored, *others, _directory_taken_back):
                case(drill)
    finally:
        second.suite.stop()


# before the loss ------------------------------------------------------------------------------------------------------


def _lived(telling: Telling, kept: Kept, deployment: Deployment, children: int) -> Drill:
    with telling.step("begin", "a suite with a PostgreSQL for each process, and people in it"):
        deployment.suite.start()
        cast = settle_in(deployment.suite, telling.say)
        story = settle(cast, children)
    life, others = Life(cast), alone(children, story.today)
    drill = Drill(
        telling=telling,
        kept=kept,
        deployment=deployment,
        life=life,
        old=story.worried_about,
        changed=story.unique,
        shielded_before=story.limited,
        shielded_after=next(others),
        entered_after=next(others),
        moments={},
    )
    with telling.step("before", "a nurse records that she works with a child"):
        life.start_involvement("nurse", drill.old, _OLD)
    with telling.step("backup", "root secrets are sealed and shared out; each database is backed up, its log archived"):
        deployment.back_up(kept)
    with telling.step("until", "an involvement and a shield, before the moment to which databases will be taken back"):
        life.start_involvement("nurse", drill.changed, _OLDER)
        life.shield("social.worker", drill.shielded_before)
        time.sleep(_APART_SECONDS)
        drill.moments = {name: archive.moment(deployment.server(name)) for name in (LEDGER, DIRECTORY, IDENTITY)}
        time.sleep(_APART_SECONDS)
    with telling.step("since", "after it: involvements, a new child, a shield, a suspension, a condition recorded"):
        _live_on(drill)
    return drill


def _live_on(drill: Drill) -> None:
    life = drill.life
    life.start_involvement("nurse", drill.changed, _NEWER)
    life.start_involvement("nurse", drill.entered_after, _NEWER)
    life.create("nurse")
    life.start_involvement_with_created("nurse", _NEWER)
    life.shield("social.worker", drill.shielded_after)
    life.suspend("health.visitor")
    life.record_condition("constable")
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
        check(_OLD in life.telephones("nurse", drill.old), "the old number")
        check({_OLDER, _NEWER} <= life.telephones("nurse", drill.changed), "the newest number")
        check(life.finds_created("nurse"), "the new child")
        check(life.own_children("nurse") == 5, "five involvements of her own")  # noqa: PLR2004  # as she recorded them
    _closed_and_out(drill, "a")


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


def _identity_taken_back(drill: Drill) -> None:
    """(c) What the ledger knows to be newer of a person keeps that person out; all others work."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("c_back", "(c) identity alone is taken back to before a suspension and a change of standing"):
        deployment.take_back(IDENTITY, drill.kept, drill.moments[IDENTITY])
        deployment.suite.process(IDENTITY).start()
        life.sign_in_again()
        life.await_sign_in()
    with step(
        "c_closed", "(c) the suspended stays out, and so does whoever's standing changed since: closed, not open"
    ):
        for username in ("health.visitor", "constable"):
            _is_out(drill, username)
    with step("c_others", "(c) everybody else signs in and works"):
        check(_OLD in life.telephones("nurse", drill.old), "the record")
    deployment.put_newest_back(IDENTITY)
    life.sign_in_again()
    life.await_sign_in()


def _directory_taken_back(drill: Drill) -> None:
    """(b) The directory is taken back; what is below its head stays closed until two custodians accept the loss."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("b_back", "(b) the directory alone is taken back to the moment; its index is whole as of then"):
        deployment.take_back(DIRECTORY, drill.kept, drill.moments[DIRECTORY])
    with step("b_count", "(b) check-store counts the acts that are lost, and names their entries"):
        code, said = deployment.operate(DIRECTORY, "check-store")
        loss, start = _LOSS.search(said), _AGAIN.search(said)
        digest, count = (bytes.fromhex(loss[1]), int(loss[2])) if loss else (b"", 0)
        compare = ("check-store", "--from", start[1] if start else "0")
        check(code == 1 and count == _LOST_ACTS, said)
        # Before the directory has run there is no need to say from where.
        check(start is not None and int(start[1]) > 0, said)
        deployment.suite.process(DIRECTORY).start()
    with step(
        "b_kept", "(b) what was recorded before is read; what is below its head is closed, never an older version"
    ):
        check(_OLD in life.telephones("nurse", drill.old), "the old number")
        refused("RECORD_DAMAGED", lambda: life.open("nurse", drill.changed))
        refused("RECORD_DAMAGED", lambda: life.open("nurse", drill.entered_after))
    _closed_and_out(drill, "b")
    with step(
        "b_two", "(b) nothing is taken back before two custodians accept this loss; one of them twice is not two"
    ):
        for custodians in ((), ("custodian", "custodian")):
            for username in custodians:
                life.accept_loss(username, digest, count)
            code, said = deployment.operate(DIRECTORY, *compare, "--mend")
            check(code not in (0, 1) and "LOSS_NOT_ACCEPTED" in said, said)
        life.accept_loss("second.custodian", digest, count)
    with step("b_mend", "(b) then heads go down to what is held, and nothing is lost any more"):
        code, said = deployment.operate(DIRECTORY, *compare, "--mend")
        check(code == 0 and " 0 stay closed" in said, said)
        code, said = deployment.operate(DIRECTORY, *compare)
        check(code == 0 and f"taken back before: {_LOST_ACTS} acts" in said, said)
    with step("b_read", "(b) the records are read again as they were at the moment, and what started since is over"):
        said_now = life.telephones("nurse", drill.changed)
        check(_OLDER in said_now and _NEWER not in said_now, "the number of the moment")
        check(_NEWER not in life.telephones("nurse", drill.entered_after), "no number of after")
        check(not life.finds_created("nurse"), "no child of after")
        check(life.own_children("nurse") == 2, "two involvements of her own")  # noqa: PLR2004  # one before, one until
    with step("b_again", "(b) owners record again what was lost"):
        life.start_involvement("nurse", drill.changed, _NEWER)
        check({_OLDER, _NEWER} <= life.telephones("nurse", drill.changed), "both numbers")
    _closed_and_out(drill, "b_mended")
    with step("b_log", "(b) the log is in order, with all of this in it"):
        code, said = deployment.operate(LEDGER, "check-log")
        check(code == 0, said)


def _closed_and_out(drill: Drill, case: str) -> None:
    """S5, in every case: what was closed is closed, and who was suspended is out."""
    life = drill.life
    with drill.telling.step(f"{case}_s5", "both shielded children show their limited form alone; the suspended is out"):
        for child in (drill.shielded_before, drill.shielded_after):
            check(life.find("nurse", child).is_limited, "the row is limited")
            shown = life.open("nurse", child)
            check(shown.is_limited and not shown.involvements and not shown.HasField("education"), "nothing more")
            check(life.has_no_home("nurse", child), "no home")
        _is_out(drill, "health.visitor")


def _is_out(drill: Drill, username: str) -> None:
    """Raise NotAsTold if somebody can sign in and search."""
    outside = drill.life.cast.outside(drill.life.cast.accounts[username].organisation)
    account = drill.life.cast.accounts[username]
    try:
        # With code after code, since one of this minute may have been used before the loss.
        outside.sign_in(account)
    except Refused as told:
        # A wrong code, or something that is down, would be no proof.
        check(told.reason not in _NO_PROOF, f"{username} is out, but as {told.reason}")
        drill.telling.say(f"         {username}: {told.reason}")
        return
    raise NotAsTold(f"{username} got in")
