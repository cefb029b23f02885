"""What people hold of the log: receipts, and entries with their proofs, in JSON as any client prints it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.verify_log.log import PublishedLog, Unreadable
from clients.verify_log.notes import Checkpoint, NoteRefused, VerifierKey, signed_checkpoint
from clients.verify_log.report import Report
from clients.verify_log.tree import HASH_BYTES, leads_to

_LARGEST_INDEX = 2**63


class EvidenceUnreadable(Exception):
    """A file of evidence is not what it should be; the text says why."""


@dataclass(frozen=True)
class Receipt:
    """Where the log said that it keeps a leaf."""

    index: int
    leaf: bytes


@dataclass(frozen=True, kw_only=True)
class EntryProof:
    """One entry's stored bytes, and what leads from them to a root."""

    index: int
    body: bytes
    salt: bytes
    path: tuple[bytes, ...]
    checkpoint: bytes
    """The signed checkpoint that was handed over with it; empty if none was."""


def receipts_in(path: Path) -> list[Receipt]:
    """Return the receipts in a file: {"index", "leaf"} each, as one object, a list, or one a line."""
    return [Receipt(_index(one), _bytes(one, "leaf")) for one in _objects(path)]


def proofs_in(path: Path) -> list[EntryProof]:
    """Return the entries in a file: {"index", "body", "salt", "inclusion_proof"} each, or WhoLookedAt's answers."""
    found = []
    for one in _objects(path):
        note = one.get("checkpoint", "")
        if not isinstance(note, str):
            raise EvidenceUnreadable("checkpoint is no text")
        looks = one.get("looks")
        each = [look.get("proof") for look in looks if isinstance(look, dict)] if isinstance(looks, list) else [one]
        found += [_proof(entry, note.encode()) for entry in each]
    return found


def check_earlier(report: Report, log: PublishedLog, earlier: Checkpoint, which: str) -> bool:
    """Check that the log still begins with everything that an earlier checkpoint signed; return whether it does."""
    if earlier.size > log.size:
        report.bad(f"{which}: signs {earlier.size} entries, and the log ends at {log.size}", entry=log.size)
        return False
    try:
        is_same = log.root_at(earlier.size) == earlier.root
    except Unreadable:
        report.bad(f"{which}: some of its {earlier.size} entries cannot be read")
        return False
    gap = next((gap for gap in log.gaps if gap.contradicts(earlier.size)), None)
    if not is_same and gap is not None:
        # What it signs of the time before the gap is in it too, and cannot be told from the rest.
        report.lost(f"{which}: some of the {earlier.size} entries that it signs are lost by {gap}")
    elif not is_same:
        report.bad(f"{which}: the first {earlier.size} entries are not the ones that it signs")
    return is_same


def check_receipts(report: Report, log: PublishedLog, receipts: list[Receipt]) -> None:
    """Check that the log holds each receipt's leaf where it said so."""
    missing = [receipt for receipt in receipts if not _is_held(report, log, receipt, "of the receipt")]
    if not missing:
        report.ok(f"receipts: all {len(receipts)} are kept")


def check_proofs(
    report: Report, log: PublishedLog, proofs: list[EntryProof], key: VerifierKey, newest: Checkpoint
) -> None:
    """Check that each entry is in the log, and that its proof leads to a root that the log signed."""
    before = report.bad_count + report.lost_count
    for proof in proofs:
        which = f"entry {proof.index} as handed over"
        leaf = hashlib.sha256(proof.salt + proof.body).digest()
        try:
            checkpoint = signed_checkpoint(proof.checkpoint, key) if proof.checkpoint else newest
        except NoteRefused as refused:
            report.bad(f"{which}: the checkpoint with it {refused}")
            continue
        if not leads_to(checkpoint.root, leaf=leaf, index=proof.index, size=checkpoint.size, proof=proof.path):
            report.bad(f"{which}: its proof does not lead to the root of {checkpoint.size} entries")
        elif proof.checkpoint and not check_earlier(
            report, log, checkpoint, f"the checkpoint with entry {proof.index}"
        ):
            continue
        else:
            _is_held(report, log, Receipt(proof.index, leaf), "that was handed over")
    if report.bad_count + report.lost_count == before:
        report.ok(f"entries handed over: all {len(proofs)} lead to the root")


def _is_held(report: Report, log: PublishedLog, receipt: Receipt, whose: str) -> bool:
    index = receipt.index
    if index >= log.size:
        report.bad(f"entry {index} {whose} is missing: the log ends at {log.size}", entry=index)
        return False
    try:
        held = log.leaf(index)
    except Unreadable:
        report.bad(f"{log.path_of(index)}: cannot be read, so the entry {index} {whose} cannot be found")
        return False
    gap = log.gap_at(index)
    if held != receipt.leaf and gap is not None and gap.has_lost_leaf(index):
        report.lost(f"entry {index} {whose}: is lost by {gap}")
    elif held == receipt.leaf and gap is not None:
        report.note(f"entry {index} {whose}: its leaf stands; what it said is lost by {gap}")
    elif held != receipt.leaf:
        report.bad(f"{log.path_of(index)}: entry {index} is not the one {whose}", entry=index)
    return held == receipt.leaf


def _proof(one: object, note: bytes) -> EntryProof:
    if not isinstance(one, dict):
        raise EvidenceUnreadable("an entry has no proof")
    path = one.get("inclusion_proof", one.get("inclusionProof", []))
    if not isinstance(path, list):
        raise EvidenceUnreadable("inclusion_proof is no list")
    return EntryProof(
        index=_index(one),
        body=_bytes(one, "body"),
        salt=_bytes(one, "salt"),
        path=tuple(_decoded(step, "inclusion_proof") for step in path),
        checkpoint=note,
    )


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file: one, a list of them, or one a line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceUnreadable(f"cannot be read ({type(error).__name__})") from None
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise EvidenceUnreadable("is not JSON") from None
    for one in found if isinstance(found, list) else [found]:
        if not isinstance(one, dict):
            raise EvidenceUnreadable("holds something that is no object")
        yield one


def _index(one: dict[str, Any]) -> int:
    # Protobuf's JSON writes 64 bits as text, and leaves a zero out.
    value = one.get("index", 0)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_INDEX:
        raise EvidenceUnreadable("index is no position in a log")
    return value


def _bytes(one: dict[str, Any], name: str) -> bytes:
    return _decoded(one.get(name, ""), name)


def _decoded(value: object, name: str) -> bytes:
    if not isinstance(value, str):
        raise EvidenceUnreadable(f"{name} is no text")
    if len(value) == 2 * HASH_BYTES and all(digit in "0123456789abcdef" for digit in value):
        return bytes.fromhex(value)
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise EvidenceUnreadable(f"{name} is neither base64 nor hexadecimal") from None
