"""The operator's command in a restored directory: what is lost and, once two custodians accepted it, the mending."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from services.directory.clients.ended_acts import RemoteEndedActs
from services.directory.config import DirectoryConfig
from services.directory.domain.losses import Loss
from services.directory.storage.acts import SqlHeldActs
from services.directory.storage.receipts import SqlNewestReceipt
from services.directory.use_cases.check_store import CheckStore, StoreCheck
from services.directory.use_cases.mend_store import MendStore
from services.runtime import process
from services.runtime.certificates import CertificateFiles, CertificatesRefused, WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.config import ConfigRefused, load
from services.runtime.database import engine_of
from services.runtime.errors import ServiceError
from services.runtime.interceptors.limits import KNOWN_KEY

_IS_LOST, _FAILED, _EX_CONFIG = 1, 2, 78
_SHOWN = 20


def main(arguments: Sequence[str], *, tell: Callable[[str], None]) -> int:
    """Run the command; return 0 if nothing is lost or all was taken back, 1 if acts are lost, 2 if it was refused."""
    parser = argparse.ArgumentParser(prog="python -m services.directory check-store", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    parser.add_argument(
        "--from", type=int, dest="start", help="first entry to compare; else the one after the newest receipt held here"
    )
    parser.add_argument("--mend", action="store_true", help="take back what is lost, once two custodians accepted it")
    said = parser.parse_args(arguments)
    process.harden()
    try:
        return _run(load(DirectoryConfig, said.config), start=said.start, mends=said.mend, tell=tell)
    except ConfigRefused as refused:
        tell("\n".join(refused.problems))
        return _EX_CONFIG
    except CertificatesRefused as refused:
        tell(str(refused))
        return _EX_CONFIG
    except ServiceError as refused:
        tell(f"refused: {refused.reason}. {refused.sentence}")
        return _FAILED


def _run(config: DirectoryConfig, *, start: int | None, mends: bool, tell: Callable[[str], None]) -> int:
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    engine = engine_of(config.database_url, pool_size=1, application_name="directory.check-store")
    newest = SqlNewestReceipt(engine=engine).load()
    peers = {"audit.ledger": config.peers["audit.ledger"]}
    try:
        with open_channels(peers, certificates, led={"audit.ledger"}) as channels:
            # A ledger that lacks a receipt of ours refuses, as it refuses the directory itself.
            channels["audit.ledger"].always_say(KNOWN_KEY, lambda: str(newest))
            ended = RemoteEndedActs(channels["audit.ledger"])
            check = CheckStore(ended=ended, held=SqlHeldActs(engine=engine))(newest + 1 if start is None else start)
            _say(check, tell)
            if check.loss is None:
                return 0
            if not mends:
                return _IS_LOST
            mended = MendStore(ended=ended)(check.loss)
            tell(f"mended: {mended.lowered} statements lowered, {mended.closed} stay closed until written anew")
            return 0
    finally:
        engine.dispose()


def _say(check: StoreCheck, tell: Callable[[str], None]) -> None:
    tell(f"compared: {check.acts} acts that ended in entries {check.from_index} to {check.size - 1}")
    if check.taken_back:
        tell(f"taken back before: {check.taken_back} acts")
    if check.loss is None:
        tell("ok: nothing is lost")
        return
    tell(f"lost: {len(check.loss.acts)} acts, ended in entries {_indexes(check.loss)}")
    tell(f"loss: {check.loss.digest.hex()} {len(check.loss.acts)}")
    tell(f"again: check-store --from {check.from_index}")


def _indexes(loss: Loss) -> str:
    indexes = sorted(one.index for one in loss.acts)
    shown = ", ".join(map(str, indexes[:_SHOWN]))
    return shown if len(indexes) <= _SHOWN else f"{shown} ... {indexes[-1]}"
