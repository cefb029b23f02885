"""The operator's command in a restored identity: who is locked out and, once two custodians accepted it, a way back."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from services.identity.clients.ledger import NewestReceipt, RemoteLedger
from services.identity.clients.logged_standings import RemoteLoggedStandings
from services.identity.config import IdentityConfig, driver_url
from services.identity.domain.losses import LostStanding
from services.identity.sealing import Seals
from services.identity.storage.acts import SqlActs
from services.identity.storage.held_standings import SqlHeldStandings
from services.identity.storage.receipts import SqlReceipts
from services.identity.use_cases.check_store import CheckStore, StoreCheck
from services.identity.use_cases.drive_on import DriveOn
from services.identity.use_cases.mend_store import MendStore
from services.runtime import process
from services.runtime.certificates import CertificateFiles, CertificatesRefused, WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.clock import SystemClock
from services.runtime.config import ConfigRefused, load, read_secret
from services.runtime.database import engine_of
from services.runtime.errors import ServiceError
from services.runtime.interceptors.limits import KNOWN_KEY

_LEDGER = "audit.ledger"
_IS_LOST, _FAILED, _EX_CONFIG = 1, 2, 78
_KINDS = {"person": "persons", "organisation": "organisations", "system": "systems", "service": "service"}


def main(arguments: Sequence[str], *, tell: Callable[[str], None]) -> int:
    """Run the command; return 0 if nobody is locked out, or all came back, 1 if somebody is, 2 if it was refused."""
    parser = argparse.ArgumentParser(prog="python -m services.identity check-store", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    parser.add_argument(
        "--from", type=int, dest="start", help="first entry to compare; else the one after the newest receipt held here"
    )
    parser.add_argument("--mend", action="store_true", help="let them come back, once two custodians accepted the loss")
    said = parser.parse_args(arguments)
    process.harden()
    try:
        return _run(load(IdentityConfig, said.config), start=said.start, mends=said.mend, tell=tell)
    except ConfigRefused as refused:
        tell("\n".join(refused.problems))
        return _EX_CONFIG
    except CertificatesRefused as refused:
        tell(str(refused))
        return _EX_CONFIG
    except ServiceError as refused:
        tell(f"refused: {refused.reason}. {refused.sentence}")
        return _FAILED


def _run(config: IdentityConfig, *, start: int | None, mends: bool, tell: Callable[[str], None]) -> int:
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    engine = engine_of(driver_url(config.database_url), pool_size=2, application_name="identity.check-store")
    newest = NewestReceipt(SqlReceipts(engine=engine).newest())
    begin = newest.index() + 1 if start is None else start
    channel = PeerChannel(
        process=_LEDGER, address=config.peers[_LEDGER], certificates=certificates, forward_errors=True, is_led=True
    )
    try:
        with channel:
            # A ledger that lacks a receipt of ours refuses, as it refuses identity itself.
            channel.always_say(KNOWN_KEY, lambda: str(newest.index()))
            seals, clock = Seals(read_secret(config.root_secret)), SystemClock()
            # What was under way at the copy's moment has happened or not: the ledger says it of each act.
            acts = SqlActs(engine=engine, seals=seals, clock=clock, pages=config.pages)
            DriveOn(acts=acts, ledger=RemoteLedger(channel, newest), clock=clock)()
            if left := len(acts.pending_since(clock.now())):
                # The ledger asks identity for the keys of its tokens, and identity may be stopped.
                tell(f"under way: {left} acts, which only a running identity drives on: the loss may be smaller then")
            held = SqlHeldStandings(engine=engine, seals=seals, clock=clock)
            return _checked(RemoteLoggedStandings(channel), held, begin, mends=mends, tell=tell)
    finally:
        engine.dispose()


def _checked(
    logged: RemoteLoggedStandings, held: SqlHeldStandings, begin: int, *, mends: bool, tell: Callable[[str], None]
) -> int:
    check = CheckStore(logged=logged, held=held)(begin)
    _say(check, tell)
    is_out = bool(check.losses.closed)
    if check.losses.loss is None:
        return _IS_LOST if is_out else 0
    if not mends:
        return _IS_LOST
    mended = MendStore(logged=logged, held=held)(check.losses.loss)
    tell(f"mended: {mended.returned} are back and suspended, {mended.voided} are void")
    return _IS_LOST if is_out else 0


def _say(check: StoreCheck, tell: Callable[[str], None]) -> None:
    losses = check.losses
    tell(
        f"compared: {check.changes} changes of standing of {check.parties} parties"
        f" in entries {check.from_index} to {check.size - 1}"
    )
    if losses.mended:
        tell(f"mended before: {losses.mended} parties")
    if losses.closed:
        tell(f"closed: {_counted(losses.closed)}: nobody knows that what is held of them ever stood")
        _each(losses.closed, "stays out", tell)
    if losses.loss is None:
        if not losses.closed:
            tell("ok: nobody is locked out")
        return
    standings = [one for one in losses.loss.standings if not one.is_held_here]
    tell(f"lost: {len(losses.loss.changes)} changes; locked out: {_counted(standings)}")
    _each([one for one in standings if one.held_digest], "comes back suspended", tell)
    _each([one for one in standings if not one.held_digest], "is void: nothing is held", tell)
    tell(f"loss: {losses.loss.digest.hex()} {len(losses.loss.changes)}")
    tell(f"again: check-store --from {check.from_index}")


def _counted(standings: Sequence[LostStanding]) -> str:
    found = Counter(one.party.kind for one in standings)
    return ", ".join(f"{found[kind]} {name}" for kind, name in _KINDS.items())


def _each(standings: Sequence[LostStanding], what: str, tell: Callable[[str], None]) -> None:
    for one in standings:
        tell(f"  {one.party.kind} {one.party.id} {what}")
