"""The operator's command after the ledger lost entries: whose standing changed in them is said again."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from services.identity.clients.gap import RemoteGap
from services.identity.clients.ledger import NewestReceipt
from services.identity.config import IdentityConfig, driver_url
from services.identity.storage.all_standings import SqlAllStandings
from services.identity.storage.receipts import SqlReceipts
from services.identity.use_cases.reenter import Reenter
from services.runtime import process
from services.runtime.certificates import CertificateFiles, CertificatesRefused, WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.config import ConfigRefused, load
from services.runtime.database import engine_of
from services.runtime.errors import ServiceError
from services.runtime.interceptors.limits import KNOWN_KEY

_LEDGER = "audit.ledger"
_FAILED, _EX_CONFIG = 2, 78


def main(arguments: Sequence[str], *, tell: Callable[[str], None]) -> int:
    """Run the command; return 0 if all was said, 2 if it was refused."""
    parser = argparse.ArgumentParser(prog="python -m services.identity reenter", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    said = parser.parse_args(arguments)
    process.harden()
    try:
        return _run(load(IdentityConfig, said.config), tell=tell)
    except ConfigRefused as refused:
        tell("\n".join(refused.problems))
        return _EX_CONFIG
    except CertificatesRefused as refused:
        tell(str(refused))
        return _EX_CONFIG
    except ServiceError as refused:
        tell(f"refused: {refused.reason}. {refused.sentence}")
        return _FAILED


def _run(config: IdentityConfig, *, tell: Callable[[str], None]) -> int:
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    engine = engine_of(driver_url(config.database_url), pool_size=1, application_name="identity.reenter")
    newest = NewestReceipt(SqlReceipts(engine=engine).newest()).index()
    channel = PeerChannel(
        process=_LEDGER, address=config.peers[_LEDGER], certificates=certificates, forward_errors=True, is_led=True
    )
    try:
        with channel:
            # A gap that is too short for our receipts is refused, as identity itself refuses it.
            channel.always_say(KNOWN_KEY, lambda: str(newest))
            found = Reenter(standings=SqlAllStandings(engine=engine), gap=RemoteGap(channel))(newest)
        tell(f"said: {found.said} standings; {found.changed} of them were not the log's: show-gap says whose")
        return 0
    finally:
        engine.dispose()
