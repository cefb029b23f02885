"""What the drill remembers of the life before the loss, and what must hold in every case of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploy.backup.drill.deployment import Deployment, Kept
from deploy.backup.drill.life import Life
from deploy.local.demo.telling import NotAsTold, Telling, check
from deploy.local.population.child import Child
from deploy.local.settlement.outside import Refused

OLD, OLDER, NEWER = "0113 496 0701", "0113 496 0702", "0113 496 0703"
NEWCOMER = "newcomer"
_NO_PROOF = {"SIGN_IN_REFUSED", "DEPENDENCY_UNAVAILABLE", ""}
_LOSS = re.compile(r"^loss: ([0-9a-f]{64}) ([0-9]+)$", re.MULTILINE)
_AGAIN = re.compile(r"^again: check-store --from ([0-9]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Named:
    """A loss as `check-store` names it."""

    digest: bytes
    count: int
    start: int
    """Where the comparison begins once the restored process has run."""

    @classmethod
    def of(cls, said: str) -> Named:
        """Return the loss that the command named; raises NotAsTold if it named none."""
        loss, start = _LOSS.search(said), _AGAIN.search(said)
        if loss is None or start is None:
            raise NotAsTold(said)
        return cls(bytes.fromhex(loss[1]), int(loss[2]), int(start[1]))

    @property
    def compare(self) -> tuple[str, ...]:
        """The command that finds it again."""
        return ("check-store", "--from", str(self.start))


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


def two_needed(drill: Drill, process: str, loss: Named) -> None:
    """Raise NotAsTold if anything is mended before two custodians have accepted this loss; one twice is not two."""
    for custodians in ((), ("custodian", "custodian")):
        for username in custodians:
            drill.life.accept_loss(username, loss.digest, loss.count)
        code, said = drill.deployment.operate(process, *loss.compare, "--mend")
        check(code not in (0, 1) and "LOSS_NOT_ACCEPTED" in said, said)
    drill.life.accept_loss("second.custodian", loss.digest, loss.count)


def closed_and_out(drill: Drill, case: str) -> None:
    """S5, in every case: what was closed is closed, and who was suspended is out."""
    life = drill.life
    with drill.telling.step(f"{case}_s5", "both shielded children show their limited form alone; the suspended is out"):
        for child in (drill.shielded_before, drill.shielded_after):
            check(life.find("nurse", child).is_limited, "the row is limited")
            shown = life.open("nurse", child)
            check(shown.is_limited and not shown.involvements and not shown.HasField("education"), "nothing more")
            check(life.has_no_home("nurse", child), "no home")
        is_out(drill, "health.visitor")


def is_out(drill: Drill, username: str) -> None:
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
