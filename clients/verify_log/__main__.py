"""`python -m clients.verify_log --folder DIR [--key VKEY|FILE] [--since FILE] [--receipts FILE] [--entry FILE]`.

Ends with 0 if everything that was checked is as it should be, 1 if something is bad, 2 if it could not be asked so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from clients.verify_log.evidence import (
    EvidenceUnreadable,
    check_earlier,
    check_proofs,
    check_receipts,
    proofs_in,
    receipts_in,
)
from clients.verify_log.folder import FileBad, LogFolder
from clients.verify_log.gaps import check_gaps
from clients.verify_log.log import CHECKPOINT, VERIFIER_KEY, PublishedLog
from clients.verify_log.notes import Checkpoint, NoteRefused, VerifierKey, signed_checkpoint
from clients.verify_log.report import Report


def main(arguments: Sequence[str] | None = None, say: Callable[[str], None] = print) -> int:
    """Verify a published log as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m clients.verify_log", description="Verify a published log.")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the published files")
    parser.add_argument("--key", default="", help="the log's verifier key, or a file that holds it: from elsewhere")
    parser.add_argument("--since", type=Path, help="an earlier checkpoint that the log must still begin with")
    parser.add_argument("--receipts", type=Path, help="receipts (JSON: index, leaf) that the log must keep")
    parser.add_argument("--entry", type=Path, help="entries (JSON: index, body, salt, inclusion_proof) to find in it")
    said = parser.parse_args(arguments)
    if not said.folder.is_dir():
        say(f"BAD   {said.folder}: is no folder")
        return 2
    try:
        receipts = receipts_in(said.receipts) if said.receipts else None
        proofs = proofs_in(said.entry) if said.entry else None
        earlier = said.since.read_bytes() if said.since else None
    except EvidenceUnreadable as unreadable:
        say(f"BAD   {unreadable}")
        return 2
    except OSError:
        say(f"BAD   {said.since}: cannot be read")
        return 2

    report, folder = Report(say), LogFolder(said.folder)
    key = _key(report, folder, said.key)
    checkpoint = _checkpoint(report, folder, key) if key is not None else None
    if key is None or checkpoint is None:
        report.note("nothing can be held against a checkpoint that cannot be trusted; the entries were not checked")
        return report.verdict()
    log = PublishedLog(folder, checkpoint)
    log.check(report)
    check_gaps(report, folder, log, checkpoint.origin)
    if earlier is not None:
        _check_since(report, log, earlier, key, str(said.since))
    if receipts is not None:
        check_receipts(report, log, receipts)
    if proofs is not None:
        check_proofs(report, log, proofs, key, checkpoint)
    return report.verdict()


def _key(report: Report, folder: LogFolder, given: str) -> VerifierKey | None:
    """Return the key to believe: the one that was given, else the folder's own, and say which."""
    held: VerifierKey | None = None
    try:
        text = folder.read(VERIFIER_KEY)
        held = _parsed(text)
    except FileBad as bad:
        if not given:
            report.bad(str(bad))
    except NoteRefused as refused:
        report.bad(f"{VERIFIER_KEY}: {refused}")
    if not given:
        if held is not None:
            report.note(f"{VERIFIER_KEY}: {held.name}, as the folder says itself; compare it with one from elsewhere")
        return held
    try:
        path = Path(given)
        key = _parsed(path.read_bytes() if path.is_file() else given.encode() + b"\n")
    except (NoteRefused, OSError) as error:
        report.bad(f"--key: {error if isinstance(error, NoteRefused) else 'cannot be read'}")
        return None
    if held is not None and held != key:
        report.bad(f"{VERIFIER_KEY}: is not the key that was given")
    return key


def _parsed(text: bytes) -> VerifierKey:
    if not text.endswith(b"\n") or not text.isascii():
        raise NoteRefused("is not one line with a verifier key")
    return VerifierKey.parse(text[:-1].decode())


def _checkpoint(report: Report, folder: LogFolder, key: VerifierKey) -> Checkpoint | None:
    try:
        checkpoint = signed_checkpoint(folder.read(CHECKPOINT), key)
    except FileBad as bad:
        report.bad(str(bad))
        return None
    except NoteRefused as refused:
        report.bad(f"{CHECKPOINT}: {refused}")
        return None
    report.ok(f"{CHECKPOINT}: {key.name} signed {checkpoint.size} entries")
    return checkpoint


def _check_since(report: Report, log: PublishedLog, note: bytes, key: VerifierKey, path: str) -> None:
    try:
        earlier = signed_checkpoint(note, key)
    except NoteRefused as refused:
        report.bad(f"{path}: {refused}")
        return
    if check_earlier(report, log, earlier, path):
        report.ok(f"{path}: the log still begins with its {earlier.size} entries")


if __name__ == "__main__":
    sys.exit(main())
