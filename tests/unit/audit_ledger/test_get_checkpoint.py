"""The checkpoint is a C2SP signed note that an outsider's tools verify."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.audit.ledger import checkpoint
from services.audit.ledger.domain.tree import Tree
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.runtime.errors import NotTheLeader
from tests.fakes.audit_ledger import Ledger, MemoryStore, Person


@pytest.mark.promise("A2")
def test_it_verifies_by_the_published_key_alone(ledger: Ledger, nurse: Person) -> None:
    found = GetCheckpoint(writer=ledger.writer)()
    name, key_id, raw = found.verifier_key.split("+", 2)
    key = base64.b64decode(raw)
    assert name == "synthetic.contactpoint/log"
    assert key[:1] == b"\x01"
    assert hashlib.sha256(f"{name}\n".encode() + key).hexdigest()[:8] == key_id
    body, _, line = found.note.partition("\n\n")
    origin, size, root = body.split("\n")
    mark, signer, signature = line.rstrip("\n").split(" ")
    assert (mark, signer, origin) == ("\u2014", name, name)
    assert base64.b64decode(signature)[:4].hex() == key_id
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(base64.b64decode(signature)[4:], f"{body}\n".encode())
    assert isinstance(ledger.store, MemoryStore)
    leaves = [row.leaf for row in ledger.store.kept.rows]
    assert int(size) == len(leaves)
    assert base64.b64decode(root) == Tree.of([], leaves).root()


def test_another_text_is_no_checkpoint(ledger: Ledger) -> None:
    note = GetCheckpoint(writer=ledger.writer)().note
    public = ledger.writer.published().keyring.checkpoint_key.public_key()
    origin = checkpoint.origin_of("synthetic")
    checkpoint.read(note, origin, public)
    other = note.replace(origin, "live.contactpoint/log")
    for forged in ("", note.replace("\n\n", "\n"), other, "x" + note, note[:-9]):
        with pytest.raises(ValueError, match="not a checkpoint"):
            checkpoint.read(forged, origin, public)
    size = note.split("\n")[1]
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoint.read(note.replace(f"\n{size}\n", f"\n{int(size) + 1}\n"), origin, public)


def test_there_is_none_while_nobody_leads(ledger: Ledger) -> None:
    ledger.stop()
    with pytest.raises(NotTheLeader):
        GetCheckpoint(writer=ledger.writer)()
