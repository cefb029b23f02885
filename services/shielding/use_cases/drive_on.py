"""The sweeper: drives on what a crash left between two steps."""

from dataclasses import dataclass

from services.shielding.ports import Cases, Ledger

LEFT_BEHIND_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class DriveOn:
    """Takes every step that began and did not end to its end, whichever that is."""

    cases: Cases
    ledger: Ledger

    def __call__(self) -> None:
        for pending in self.cases.left_behind(LEFT_BEHIND_SECONDS):
            entered = self.ledger.resume(pending.token, pending.act)
            if entered is None:
                self.cases.drop(pending)
            else:
                self.cases.settle(pending.step, pending.act, entered.number)
