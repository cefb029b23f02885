"""(c) Identity is taken back alone."""

from __future__ import annotations

from contactpoint.access.v1 import access_pb2 as access

from deploy.backup.drill.deployment import IDENTITY
from deploy.backup.drill.remembered import NEWCOMER, OLD, Drill, Named, is_out, two_needed
from deploy.local.demo.telling import check, refused

_CHANGED = ("health.visitor", "constable")
"""One was suspended after the moment, of the other a condition was recorded."""


def identity_taken_back(drill: Drill) -> None:
    """Tell that whoever changed since is out, and comes back closed: two custodians, an administrator, a new link."""
    life, step, deployment = drill.life, drill.telling.step, drill.deployment
    with step("c_back", "(c) identity alone is taken back to before a suspension and a change of standing"):
        deployment.take_back(IDENTITY, drill.kept, drill.moments[IDENTITY])
    with step("c_count", "(c) check-store counts who is locked out, by kind, and names nobody but by id"):
        code, said = deployment.operate(IDENTITY, "check-store")
        loss = Named.of(said)
        check(code == 1 and "locked out: 3 persons, 0 organisations, 0 systems, 0 service" in said, said)
        people = {life.cast.accounts[username].person_id for username in _CHANGED}
        check(all(f"person {person} comes back suspended" in said for person in people), said)
        check(f"person {life.cast.accounts[NEWCOMER].person_id} is void: nothing is held" in said, said)
        deployment.suite.process(IDENTITY).start()
        life.sign_in_again()
        life.await_sign_in()
    with step(
        "c_closed", "(c) the suspended stays out, and so does whoever's standing changed since: closed, not open"
    ):
        for username in _CHANGED:
            is_out(drill, username)
    with step("c_others", "(c) everybody else signs in and works"):
        check(OLD in life.telephones("nurse", drill.old), "the record")
    with step("c_two", "(c) nobody comes back before two custodians accept this loss; one of them twice is not two"):
        two_needed(drill, IDENTITY, loss)
    with step("c_mend", "(c) then both are back, suspended, without factor, condition, role; the new account is void"):
        code, said = deployment.operate(IDENTITY, *loss.compare, "--mend")
        check(code == 0 and "mended: 2 are back and suspended, 1 are void" in said, said)
        code, said = deployment.operate(IDENTITY, *loss.compare)
        check(code == 0 and "ok: nobody is locked out" in said, said)
    with step("c_again", "(c) an administrator's word does not bring an old password and an old authenticator back"):
        for username in _CHANGED:
            life.fulfil(username, access.ROLE_PROTECTION_PRACTITIONER if username == "constable" else None)
        life.reinstate("constable")
        account = life.cast.accounts["constable"]
        outside = life.cast.outside(account.organisation)
        refused("SIGN_IN_REFUSED", lambda: outside.sign_in(account, code=account.code()))
    with step("c_return", "(c) with a new link and code one works again; the other stays suspended until reinstated"):
        for username in _CHANGED:
            life.enrol_again(username)
        life.acknowledge("constable")
        check(OLD in life.telephones("constable", drill.old), "the record")
        is_out(drill, "health.visitor")
    with step("c_void", "(c) whoever was entered since is entered again, under the same user name"):
        account = life.cast.accounts[NEWCOMER]
        outside = life.cast.outside(account.organisation)
        refused("SIGN_IN_REFUSED", lambda: outside.sign_in(account, code=account.code()))
        life.bring_in(NEWCOMER)
        check(OLD in life.telephones(NEWCOMER, drill.old), "the record")
