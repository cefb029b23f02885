"""The command line of the embedded deployment: run, stop, status, code, browse, reset, foreground."""

import argparse
import os
import sys
import time
from pathlib import Path

from deploy.local import background, stores
from deploy.local.fault import Fault, explained
from deploy.local.layout import PROJECT, Layout
from deploy.local.plan import Plan
from deploy.local.processes import PROCESSES, STANDBY
from deploy.local.suite import Suite
from deploy.local.supervisor import AlreadyRunning


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        return _do(given, given.root.resolve())
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was made is kept, and completed next time", file=sys.stderr)
        return 130


def _do(given: argparse.Namespace, root: Path) -> int:
    exit_code = 0
    match given.act:
        case "run":
            _run(root)
        case "stop":
            print("stopped" if Suite(root).stop() else "nothing was running")
        case "status":
            exit_code = _status(root)
        case "code":
            _code(root, given.user or given.user_option)
        case "reset":
            Suite(root).reset()
            print(f"{root}: everything that the deployment made is gone")
        case "browse":
            _browse(root, given.user)
        case "foreground":
            _foreground(root)
        case _:
            exit_code = background.supervise(root, is_tied=given.tied)
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--root", type=Path, default=PROJECT / ".local", help="folder of the deployment (.local)")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("run", parents=[where], help="set up what is missing, start all, leave it running")
    acts.add_parser("stop", parents=[where], help="end everything in order")
    acts.add_parser("status", parents=[where], help="what runs, and is it healthy")
    acts.add_parser("foreground", parents=[where], help="run it here until Ctrl-C")
    acts.add_parser("reset", parents=[where], help="stop, and remove databases, secrets, certificates: everything")
    code = acts.add_parser("code", parents=[where], help="print a user's one-time code")
    code.add_argument("user", nargs="?", help="user name, as in endpoints.json")
    code.add_argument("--user", dest="user_option", metavar="NAME", help="the same")
    browse = acts.add_parser("browse", parents=[where], help="open the pages in Chromium, signed in as a user")
    browse.add_argument("user", help="user name, as in endpoints.json")
    supervise = acts.add_parser("supervise", parents=[where], help="(what `run` leaves in the background)")
    supervise.add_argument("--tied", action="store_true", help="end when standard input does")
    return parser


def _run(root: Path) -> None:
    begun_at = time.monotonic()
    suite = Suite(root, processes=(*PROCESSES, STANDBY), is_tied=False, say=lambda line: print(line, flush=True))
    was_started = suite.start()
    _people_and_children(suite)
    found = suite.endpoints()
    verb = f"ready after {time.monotonic() - begun_at:.1f} s" if was_started else "runs already"
    print(f"{verb}: pages at {found.get('web')}, edge at {found.get('edge')}, details in {suite.layout.endpoints}")


def _people_and_children(suite: Suite) -> None:
    """Bring in people, children and scenarios, as far as they are not there."""
    # Only this command needs the stubs, and importing them takes a while.
    from deploy.local.settlement.inhabitants import settle_in  # noqa: PLC0415
    from deploy.local.settlement.scenarios import described, shield_the_limited  # noqa: PLC0415
    from deploy.local.settlement.supplying import settle  # noqa: PLC0415

    def say(line: str) -> None:
        print(line, flush=True)

    cast = settle_in(suite, say)
    story = settle(cast, int(os.environ.get("CHILDREN", "20000")))
    shield_the_limited(cast, story)
    suite.write_endpoints({"scenarios": described(story)})


def _browse(root: Path, user: str) -> None:
    # Only this command needs the stubs, and importing them takes a while.
    from deploy.local.browse import browse  # noqa: PLC0415

    browse(root, user)


def _foreground(root: Path) -> None:
    layout, plan = Layout(root), Plan()
    with explained(root):
        layout.prepare()
        plan.write(layout)
        layout.overrides.unlink(missing_ok=True)
    try:
        background.foreground(layout, plan)
    except AlreadyRunning as error:
        msg = f"A suite runs in {root} already. Stop it first."
        raise Fault(msg) from error


def _status(root: Path) -> int:
    suite = Suite(root)
    status = suite.status()
    if status is None:
        print("starting or ending" if suite.is_running() else "not running")
        return 3
    print(f"{status['phase']}, supervisor {status['pid']}, up {status['up_seconds']:.0f} s")
    all_healthy = True
    for name, child in status["children"].items():
        is_healthy = suite.process(name).is_healthy()
        all_healthy &= is_healthy
        state = "healthy" if is_healthy else "not healthy" if child["pid"] else "down"
        number = child["pid"]["number"] if child["pid"] else "-"
        kind = "" if stores.is_store(name) else f" port {suite.port(name)}"
        print(f"  {name:14} {state:11} pid {number} up {child['up_seconds']:.0f} s restarts {child['restarts']}{kind}")
    return 0 if all_healthy else 1


def _code(root: Path, user: str | None) -> None:
    if not user:
        raise Fault("Say whose code: `code NAME`; names are in endpoints.json.")
    for found in Suite(root).endpoints().get("users", []):
        if found.get("username") == user:
            import pyotp  # noqa: PLC0415  # only this command needs it

            print(pyotp.TOTP(found["totp_secret"]).now())
            return
    msg = f"endpoints.json of {root} has no user {user!r}."
    raise Fault(msg)


if __name__ == "__main__":
    sys.exit(main())
