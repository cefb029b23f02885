"""(b) The directory is taken back alone."""

from __future__ import annotations

from deploy.backup.drill.deployment import DIRECTORY, LEDGER
from deploy.backup.drill.remembered import NEWER, OLD, OLDER, Drill, Named, closed_and_out, two_needed
from deploy.local.demo.telling import check, refused

_LOST_ACTS = 4
"""What was done in the directory after the moment: two involvements, one created child and its involvement."""


def directory_taken_back(drill: Drill) -> None:
    """(b) The directory is taken back; what is below its head stays closed until two custodians accept the loss."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("b_back", "(b) the directory alone is taken back to the moment; its index is whole as of then"):
        deployment.take_back(DIRECTORY, drill.kept, drill.moments[DIRECTORY])
    with step("b_count", "(b) check-store counts the acts that are lost, and names their entries"):
        code, said = deployment.operate(DIRECTORY, "check-store")
        loss = Named.of(said)
        check(code == 1 and loss.count == _LOST_ACTS, said)
        # Before the directory has run there is no need to say from where.
        check(loss.start > 0, said)
        deployment.suite.process(DIRECTORY).start()
    with step(
        "b_kept", "(b) what was recorded before is read; what is below its head is closed, never an older version"
    ):
        check(OLD in life.telephones("nurse", drill.old), "the old number")
        refused("RECORD_DAMAGED", lambda: life.open("nurse", drill.changed))
        refused("RECORD_DAMAGED", lambda: life.open("nurse", drill.entered_after))
    closed_and_out(drill, "b")
    with step(
        "b_two", "(b) nothing is taken back before two custodians accept this loss; one of them twice is not two"
    ):
        two_needed(drill, DIRECTORY, loss)
    with step("b_mend", "(b) then heads go down to what is held, and nothing is lost any more"):
        code, said = deployment.operate(DIRECTORY, *loss.compare, "--mend")
        check(code == 0 and " 0 stay closed" in said, said)
        code, said = deployment.operate(DIRECTORY, *loss.compare)
        check(code == 0 and f"taken back before: {_LOST_ACTS} acts" in said, said)
    with step("b_read", "(b) the records are read again as they were at the moment, and what started since is over"):
        said_now = life.telephones("nurse", drill.changed)
        check(OLDER in said_now and NEWER not in said_now, "the number of the moment")
        check(NEWER not in life.telephones("nurse", drill.entered_after), "no number of after")
        check(not life.finds_created("nurse"), "no child of after")
        check(life.own_children("nurse") == 2, "two involvements of her own")  # noqa: PLR2004  # one before, one until
    with step("b_again", "(b) owners record again what was lost"):
        life.start_involvement("nurse", drill.changed, NEWER)
        check({OLDER, NEWER} <= life.telephones("nurse", drill.changed), "both numbers")
    closed_and_out(drill, "b_mended")
    with step("b_log", "(b) the log is in order, with all of this in it"):
        code, said = deployment.operate(LEDGER, "check-log")
        check(code == 0, said)
