"""(e) Shielding is taken back alone."""

from __future__ import annotations

from contactpoint.shielding.v1 import shielding_service_pb2 as shielding

from deploy.backup.drill.deployment import SHIELDING
from deploy.backup.drill.remembered import Drill, Named, closed_and_out, two_needed
from deploy.local.demo.telling import check, refused


def shielding_taken_back(drill: Drill) -> None:
    """Tell that who was limited is limited, and comes onto an officer's list again to be decided once more."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("e_back", "(e) shielding alone is taken back to before a shield"):
        before = {one.case_id for one in life.shield_cases("shield.officer")}
        deployment.take_back(SHIELDING, drill.kept, drill.moments[SHIELDING])
    with step("e_count", "(e) check-store counts the steps that are lost, and names their entries for the auditor"):
        code, said = deployment.operate(SHIELDING, "check-store")
        loss = Named.of(said)
        check(code == 1 and "lost: 1 steps: 1 that closed a record, 0 that asked for it" in said, said)
        deployment.suite.process(SHIELDING).start()
    closed_and_out(drill, "e")
    with step("e_listless", "(e) the child is limited and its case is on no list"):
        check(len(life.shield_cases("shield.officer")) == len(before) - 1, "one case less")
    with step("e_two", "(e) no case is made anew before two custodians accept this loss"):
        two_needed(drill, SHIELDING, loss)
    with step("e_mend", "(e) then it is on the list of the child's authority, due at once, without a ground"):
        code, said = deployment.operate(SHIELDING, *loss.compare, "--mend")
        check(code == 0 and "mended: 1 cases made anew" in said, said)
        code, said = deployment.operate(SHIELDING, *loss.compare)
        check(code == 0 and "ok: nothing is lost" in said, said)
        cases = [one for one in life.shield_cases("shield.officer") if one.is_recovered]
        check(len(cases) == 1, f"{len(cases)} recovered cases")
        (case,) = cases
        check((case.state, case.ground) == (shielding.SHIELD_STATE_INTERIM, shielding.GROUND_UNSPECIFIED), "as told")
        check(case.opened_by == life.cast.accounts["social.worker"].person_id, "who closed it is known")
    with step("e_decide", "(e) an officer decides it once more: the shield is active, and nothing opened meanwhile"):
        life.approve_shield("shield.officer", case.case_id)
        check(case.case_id not in {one.case_id for one in life.shield_cases("shield.officer")}, "decided")
        refused("SHIELD_STANDS", lambda: life.approve_shield("second.officer", case.case_id))
    closed_and_out(drill, "e_mended")
