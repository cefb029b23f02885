"""The command line that every process of ours shares: serve, migrate, check-config."""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from services.runtime.access import SilentMethod
from services.runtime.certificates import CertificatesRefused
from services.runtime.config import ConfigRefused, ProcessConfig, load
from services.runtime.health_server import PortTaken
from services.runtime.telemetry import log_as_json, where

log = logging.getLogger(__name__)

C = TypeVar("C", bound=ProcessConfig)

_PR_SET_DUMPABLE = 4
_EX_CONFIG = 78


def run(
    process: str,
    *,
    config: type[C],
    serve: Callable[[C], int],
    migrate: Callable[[C], None] | None = None,
    arguments: Sequence[str] | None = None,
) -> int:
    """Do what the command line says and return the exit code; a `__main__` is `sys.exit(run("directory", ...))`.

    `serve|migrate|check-config --config FILE`. Settings, certificates or an address that cannot be
    used end with 78 and one line for each problem; anything else with 1 and a log line.
    """
    parser = argparse.ArgumentParser(prog=f"python -m services.{process}")
    commands = ["serve", "check-config"] + (["migrate"] if migrate else [])
    parser.add_argument("command", choices=commands)
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    said = parser.parse_args(arguments)
    harden()
    log_as_json(process)
    try:
        found = _settings_of(process, config, said.config)
        if said.command == "serve":
            return serve(found)
        if said.command == "migrate" and migrate is not None:
            migrate(found)
    except ConfigRefused as refused:
        return _ended(refused.problems)
    except (CertificatesRefused, PortTaken, SilentMethod) as refused:
        # These say what is wrong in words of ours, without anybody's data.
        return _ended([str(refused)])
    except Exception as error:  # noqa: BLE001  # a traceback would print it
        # The text of any other error may quote what it was given, a password or a child: its type and place do.
        log.error("process_failed", extra={"error_type": type(error).__name__, "where": where(error)})  # noqa: TRY400
        return 1
    return 0


def _ended(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201  # for the operator at the terminal
    return _EX_CONFIG


def _settings_of(process: str, config: type[C], path: Path) -> C:
    found = load(config, path)
    if found.process != process:
        raise ConfigRefused([f"process: these are the settings of {found.process}, not of {process}"])
    return found


def harden() -> None:
    """Leave no core with a secret in it, let no debugger of the same user in, and make files for the owner alone."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
