"""The operator's command in a restored shielding: which shields are on no list and, once accepted, the mending."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.engine import Engine

from services.runtime import process
from services.runtime.certificates import CertificateFiles, CertificatesRefused, WatchedCertificates
from services.runtime.channels import PeerChannel, open_channels
from services.runtime.clock import SystemClock
from services.runtime.config import ConfigRefused, load, read_secret
from services.runtime.database import engine_of
from services.runtime.errors import ServiceError
from services.runtime.interceptors.limits import KNOWN_KEY
from services.runtime.receipts import ReceiptGuard
from services.shielding.clients.ledger import RemoteLedger
from services.shielding.clients.logged_steps import RemoteLoggedSteps
from services.shielding.config import ShieldingConfig
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import SqlCases
from services.shielding.storage.held_steps import SqlHeldSteps
from services.shielding.storage.newest_receipt import SqlNewestReceipt
from services.shielding.use_cases.check_store import CheckStore, StoreCheck
from services.shielding.use_cases.drive_on import DriveOn
from services.shielding.use_cases.mend_store import MendStore

_LEDGER = "audit.ledger"
_IS_LOST, _FAILED, _EX_CONFIG = 1, 2, 78


def main(arguments: Sequence[str], *, tell: Callable[[str], None]) -> int:
    """Run the command; return 0 if nothing is lost or all is on a list again, 1 if steps are lost, 2 if refused."""
    parser = argparse.ArgumentParser(prog="python -m services.shielding check-store", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    parser.add_argument(
        "--from", type=int, dest="start", help="first entry to compare; else the one after the newest receipt held here"
    )
    parser.add_argument("--mend", action="store_true", help="make cases anew, once two custodians accepted the loss")
    said = parser.parse_args(arguments)
    process.harden()
    try:
        return _run(load(ShieldingConfig, said.config), start=said.start, mends=said.mend, tell=tell)
    except ConfigRefused as refused:
        tell("\n".join(refused.problems))
        return _EX_CONFIG
    except CertificatesRefused as refused:
        tell(str(refused))
        return _EX_CONFIG
    except ServiceError as refused:
        tell(f"refused: {refused.reason}. {refused.sentence}")
        return _FAILED


def _run(config: ShieldingConfig, *, start: int | None, mends: bool, tell: Callable[[str], None]) -> int:
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    engine = engine_of(config.database_url, pool_size=1, application_name="shielding.check-store")
    guard = ReceiptGuard(SqlNewestReceipt(engine))
    begin = guard.newest() + 1 if start is None else start
    peers = {_LEDGER: config.peers[_LEDGER]}
    try:
        with open_channels(peers, certificates, forward_errors=True, led={_LEDGER}) as channels:
            # A ledger that lacks a receipt of ours refuses, as it refuses shielding itself.
            channels[_LEDGER].always_say(KNOWN_KEY, lambda: str(guard.newest()))
            return _checked(channels[_LEDGER], engine, guard, config, begin=begin, mends=mends, tell=tell)
    finally:
        engine.dispose()


def _checked(
    channel: PeerChannel,
    engine: Engine,
    guard: ReceiptGuard,
    config: ShieldingConfig,
    *,
    begin: int,
    mends: bool,
    tell: Callable[[str], None],
) -> int:
    sealing = Sealing(read_secret(config.root_secret))
    # What was under way at the copy's moment has happened or not: the ledger says it of each step.
    DriveOn(cases=SqlCases(engine, sealing), ledger=RemoteLedger(channel, guard))()
    logged, held = RemoteLoggedSteps(channel), SqlHeldSteps(engine, sealing)
    check = CheckStore(logged=logged, held=held)(begin)
    _say(check, tell)
    if check.loss is None:
        return 0
    if not mends:
        return _IS_LOST
    mended = MendStore(logged=logged, held=held, clock=SystemClock())(check.loss)
    tell(f"mended: {mended.made} cases made anew; {mended.held} wait as they were before the lost steps")
    return 0


def _say(check: StoreCheck, tell: Callable[[str], None]) -> None:
    tell(f"compared: {check.steps} steps of shields in entries {check.from_index} to {check.size - 1}")
    if check.loss is None:
        tell("ok: nothing is lost")
        return
    steps = check.loss.steps
    closing = sum(one.closes for one in steps)
    tell(f"lost: {len(steps)} steps: {closing} that closed a record, {len(steps) - closing} that asked for it")
    # For the auditor, who reads in each entry whom it is about.
    tell(f"entries: {', '.join(str(one.index) for one in reversed(steps))}")
    tell(f"loss: {check.loss.digest.hex()} {len(steps)}")
    tell(f"again: check-store --from {check.from_index}")
