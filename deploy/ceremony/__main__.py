"""The commands: `make` seals root secrets and hands out shares, `open` brings them back, `check` tries shares."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.ceremony import room
from deploy.ceremony.escrow import CeremonyRefused, Escrow, seal, unseal
from deploy.local import private_files
from deploy.local.secret_files import SECRET_BYTES, random_secret

ROOT_SECRETS = ("audit.ledger.root", "identity.root", "directory.root", "directory.half", "shielding.root")
"""What no backup holds, and without which none can be read (docs/assurance/secrets.md)."""


def make(asked: argparse.Namespace) -> None:
    """Seal the secrets of a folder, making those that are missing, and hand out the shares."""
    folder: Path = asked.secrets
    if asked.sealed.exists():
        raise CeremonyRefused(f"{asked.sealed} is there already. Keep it: its shares open nothing else.")
    private_files.folder(folder)
    secrets = {name: _kept_or_new(folder / name) for name in asked.names}
    escrow, shares = seal(secrets, environment=asked.environment, shares=asked.shares, needed=asked.needed)
    # The file first: a share that was handed out must have something to open.
    private_files.write(asked.sealed, escrow.to_bytes(), replace=False)
    if asked.share_files:
        private_files.folder(asked.share_files)
        for number, words in enumerate(shares, 1):
            private_files.write(asked.share_files / f"share-{number}.txt", f"{words}\n".encode(), replace=False)
    else:
        room.hand_out(shares, needed=escrow.needed, environment=escrow.environment)
    print(f"sealed {len(secrets)} secrets in {asked.sealed}: any {escrow.needed} of {escrow.shares} shares open it")


def open_(asked: argparse.Namespace) -> None:
    """Write the secrets into a folder; one that is there must be the same."""
    escrow = Escrow.from_bytes(asked.sealed.read_bytes())
    found = unseal(escrow, _shares(asked, escrow))
    private_files.folder(asked.secrets)
    for name, secret in found.items():
        path = asked.secrets / name
        if path.exists() and path.read_bytes() != secret:
            raise CeremonyRefused(f"{path} holds another secret. Move it away first: nothing is replaced.")
    for name, secret in found.items():
        private_files.write(asked.secrets / name, secret)
    print(f"opened {len(found)} secrets of {escrow.environment} into {asked.secrets}")


def check(asked: argparse.Namespace) -> None:
    """Try shares, and write nothing: the yearly drill."""
    escrow = Escrow.from_bytes(asked.sealed.read_bytes())
    found = unseal(escrow, _shares(asked, escrow))
    print(f"these shares open {len(found)} secrets of {escrow.environment}: {', '.join(sorted(found))}")


def _shares(asked: argparse.Namespace, escrow: Escrow) -> Iterator[str]:
    if asked.share_files:
        files = sorted(asked.share_files.glob("share-*.txt"))
        return (file.read_text("utf-8") for file in files[: escrow.needed])
    return room.collect(needed=escrow.needed, environment=escrow.environment)


def _kept_or_new(path: Path) -> bytes:
    if not path.exists():
        private_files.write(path, random_secret(), replace=False)
    secret = path.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise CeremonyRefused(f"{path} has not {SECRET_BYTES} bytes.")
    return secret


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.ceremony", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run in (("make", make), ("open", open_), ("check", check)):
        command = commands.add_parser(name, help=(run.__doc__ or "").strip())
        command.set_defaults(run=run)
        command.add_argument("--sealed", type=Path, required=True, help="the sealed file; it may lie with the backups")
        command.add_argument("--share-files", type=Path, help="a folder of share-<n>.txt instead of people: for drills")
        if name != "check":
            command.add_argument("--secrets", type=Path, required=True, help="the folder of root secrets")
        if name == "make":
            command.add_argument("--environment", required=True)
            command.add_argument("--shares", type=int, default=5)
            command.add_argument("--needed", type=int, default=3)
            command.add_argument("--names", nargs="+", default=ROOT_SECRETS)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    given = _arguments().parse_args(arguments)
    try:
        given.run(given)
    except (CeremonyRefused, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nbroken off: nothing more was written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
