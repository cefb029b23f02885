"""The operator's command after the ledger lost entries: whoever shielding holds as hidden is hidden again."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from services.runtime import process
from services.runtime.certificates import CertificateFiles, CertificatesRefused, WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.config import ConfigRefused, load, read_secret
from services.runtime.database import engine_of
from services.runtime.errors import ServiceError
from services.runtime.interceptors.limits import KNOWN_KEY
from services.shielding.clients.gap import RemoteGap
from services.shielding.config import ShieldingConfig
from services.shielding.sealing import Sealing
from services.shielding.storage.hidden_cases import SqlHiddenCases
from services.shielding.storage.newest_receipt import SqlNewestReceipt
from services.shielding.use_cases.reenter import Reenter

_LEDGER = "audit.ledger"
_FAILED, _EX_CONFIG = 2, 78


def main(arguments: Sequence[str], *, tell: Callable[[str], None]) -> int:
    """Run the command; return 0 if all was said, 2 if it was refused."""
    parser = argparse.ArgumentParser(prog="python -m services.shielding reenter", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    said = parser.parse_args(arguments)
    process.harden()
    try:
        return _run(load(ShieldingConfig, said.config), tell=tell)
    except ConfigRefused as refused:
        tell("\n".join(refused.problems))
        return _EX_CONFIG
    except CertificatesRefused as refused:
        tell(str(refused))
        return _EX_CONFIG
    except ServiceError as refused:
        tell(f"refused: {refused.reason}. {refused.sentence}")
        return _FAILED


def _run(config: ShieldingConfig, *, tell: Callable[[str], None]) -> int:
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    engine = engine_of(config.database_url, pool_size=1, application_name="shielding.reenter")
    try:
        newest = SqlNewestReceipt(engine).load()
        peers = {_LEDGER: config.peers[_LEDGER]}
        with open_channels(peers, certificates, forward_errors=True, led={_LEDGER}) as channels:
            # A gap that is too short for our receipts is refused, as shielding itself refuses it.
            channels[_LEDGER].always_say(KNOWN_KEY, lambda: str(newest))
            cases = SqlHiddenCases(engine, Sealing(read_secret(config.root_secret)))
            found = Reenter(cases=cases, gap=RemoteGap(channels[_LEDGER]))(newest)
        tell(f"said: {found.said} hidden children; {found.closed} of them were open in the log")
        if found.unknown:
            tell(f"unknown: {found.unknown}: their creation is lost too, and nothing of them opens")
        return 0
    finally:
        engine.dispose()
