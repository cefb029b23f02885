"""Chromium on this machine, and a home for it that trusts the local authority and nothing else of ours."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.fault import Fault

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: A browser that asks nobody anything: what is measured is the page, and an offline machine starts as fast.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
)


def find_chromium() -> Path:
    """Return the browser to run: CHROMIUM's, or the first of the usual names; raises Fault where there is none."""
    chosen = os.environ.get("CHROMIUM")
    for name in (chosen,) if chosen else _NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Fault("No Chromium is here. Run tools/setup_browser, or name one with CHROMIUM=/path/to/it.")


def flags() -> list[str]:
    """Return the flags to start it with; only root, for whom Chromium has no sandbox, goes without one."""
    return [*_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def trusting_home(home: Path, authorities: Sequence[Path]) -> Mapping[str, str]:
    """Make a home folder whose NSS database holds these authorities; return the environment to start Chromium in.

    Every check of certificates stays on: the authorities are trusted for servers and for nothing else, in this folder
    and nowhere else. Raises Fault where certutil is missing or refuses.
    """
    certutil = shutil.which("certutil")
    if certutil is None:
        raise Fault("certutil is missing. Run tools/setup_browser, or install libnss3-tools.")
    database = home / ".pki" / "nssdb"
    shutil.rmtree(database, ignore_errors=True)
    database.mkdir(parents=True, mode=0o700)
    where = f"sql:{database}"
    commands = [[certutil, "-N", "--empty-password", "-d", where]]
    commands += [
        [certutil, "-A", "-d", where, "-t", "C,,", "-n", f"authority {count}", "-i", str(authority)]
        for count, authority in enumerate(authorities)
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            msg = f"certutil refused: {done.stderr.strip()}"
            raise Fault(msg)
    return {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
