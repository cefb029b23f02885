"""A tiny builder of published logs, straight from the definitions of RFC 6962 and C2SP, slow and plain."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "contactpoint.test/synthetic/log"


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mth(leaves: Sequence[bytes]) -> bytes:
    """Return MTH(D[n]) exactly as RFC 6962, section 2.1 writes it."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return PATH(m, D[n]) exactly as RFC 6962, section 2.1.1 writes it."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


class Signer:
    """A log's key."""

    def __init__(self, name: str = ORIGIN, seed: bytes = b"k" * 32) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = b"\x01" + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._id = sha(name.encode() + b"\n" + public)[:4]
        self.vkey = f"{name}+{self._id.hex()}+{base64.b64encode(public).decode()}"

    def note(self, text: str) -> bytes:
        signature = base64.b64encode(self._id + self._key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.name} {signature}\n".encode()

    def checkpoint(self, leaves: Sequence[bytes], origin: str = "") -> bytes:
        root = base64.b64encode(mth(leaves)).decode()
        return self.note(f"{origin or self.name}\n{len(leaves)}\n{root}\n")


def tile_path(level: str, index: int, width: int) -> str:
    assert index < 1_000_000
    name = f"{index:03d}" if index < 1000 else f"x{index // 1000:03d}/{index % 1000:03d}"
    return f"tile/{level}/{name}" + (f".p/{width}" if width < 256 else "")


def bundles(leaves: Sequence[bytes]) -> dict[str, bytes]:
    made = {}
    for start in range(0, len(leaves), 256):
        part = leaves[start : start + 256]
        made[tile_path("entries", start // 256, len(part))] = b"".join(b"\x00\x20" + leaf for leaf in part)
    return made


def tiles(leaves: Sequence[bytes]) -> dict[str, bytes]:
    made, level, unit = {}, 0, 1
    while unit <= len(leaves):
        hashes = [mth(leaves[start : start + unit]) for start in range(0, len(leaves) - unit + 1, unit)]
        for start in range(0, len(hashes), 256):
            part = hashes[start : start + 256]
            made[tile_path(str(level), start // 256, len(part))] = b"".join(part)
        level, unit = level + 1, unit * 256
    return made


def files(leaves: Sequence[bytes], signer: Signer) -> dict[str, bytes]:
    """Return every file of a published log, by path."""
    return {
        "checkpoint": signer.checkpoint(leaves),
        "verifier.key": signer.vkey.encode() + b"\n",
        **bundles(leaves),
        **tiles(leaves),
    }


def write(folder: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def entry(index: int) -> tuple[bytes, bytes, bytes]:
    """Return the salt, body and leaf of the sample entry at `index`."""
    salt, body = sha(b"salt %d" % index), b"entry %d" % index
    return salt, body, sha(salt + body)


def sample(count: int) -> list[bytes]:
    return [entry(index)[2] for index in range(count)]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def proof_of(index: int, leaves: Sequence[bytes]) -> dict[str, object]:
    """Return an entry with its proof as JSON says it."""
    salt, body, _ = entry(index)
    steps = [b64(step) for step in path(index, leaves)]
    return {"index": index, "body": b64(body), "salt": b64(salt), "inclusion_proof": steps}


def write_json(target: Path, value: object) -> Path:
    target.write_text(json.dumps(value))
    return target
