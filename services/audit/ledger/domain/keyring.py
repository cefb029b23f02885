"""Every key of the ledger and what is done with each; no key leaves this file but those derived to be released."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import uuid
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.audit.ledger.domain import handle as handles
from services.audit.ledger.domain import key_row, state_row
from services.audit.ledger.domain.entry import Section, SubjectKind, TaggedSubject
from services.audit.ledger.domain.handle import HANDLE_BYTES, Handle
from services.audit.ledger.domain.key_row import KeyRow
from services.audit.ledger.domain.own_involvements import PERSON_BYTES
from services.audit.ledger.domain.state_row import StateRow

KEY_BYTES = 32
TAG_BYTES = 16
BODY_SIZES = tuple(1024 << power for power in range(7))
"""What a sealed entry may measure: nearly every look and act has the smallest, so that its size says nothing."""
MOST_CANDIDATES = 64

_NONCE_BYTES = 12
_SALT_BYTES = 32
_INDEX = struct.Struct(">Q")
_COUNTER = struct.Struct(">I")
_BODY_LENGTH = struct.Struct(">I")


class Unreadable(ValueError):  # it names what happened
    """Something was not sealed by us for this place: it was cut, changed, swapped, or is of another environment."""


@dataclass(frozen=True, kw_only=True)
class KeyMaterial:
    """What is stored wrapped; everything else is derived from it."""

    month: int
    month_key: bytes
    act_key: bytes
    index_key: bytes
    checkpoint_key: bytes

    def __repr__(self) -> str:
        """Return a text without keys."""
        return f"KeyMaterial(month={self.month})"


class _Box:
    """AES-256-GCM under one key; the associated data bind environment, use and place."""

    def __init__(self, key: bytes, context: bytes) -> None:
        self._cipher = AESGCM(key)
        self._context = context

    def seal(self, content: bytes, place: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, self._context + place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._context + place)
        except (InvalidTag, ValueError):
            raise Unreadable from None


class Keyring:
    """The keys of one environment and month."""

    def __init__(self, *, environment: str, material: KeyMaterial) -> None:
        self.environment = environment
        self.month = material.month
        self.index_key = material.index_key
        self.checkpoint_key = Ed25519PrivateKey.from_private_bytes(material.checkpoint_key)
        self._act_key = material.act_key
        month_key = material.month_key

        def derived(use: str) -> bytes:
            return expand(month_key, b"contactpoint/ledger/" + use.encode())

        def box(use: str) -> _Box:
            return _Box(derived(use), f"{environment}\0{material.month}\0{use}\0".encode())

        self._tag_key = derived("tag")
        self._subject_key = derived("subject")
        self._row_tag_key = derived("row-tag")
        self._party_key = derived("party")
        self._bodies = box("body")
        self._numbers = box("number")
        self._rows = box("row")
        self._states = box("state")
        self._standings = box("standing")
        self._acts = box("act")
        self._handles = box("handle")
        self._candidates = box("candidates")
        self._pages = box("page")
        self._positions = box("position")
        # People and organisations come again and again; children rarely do.
        self._keyed_party = lru_cache(maxsize=65_536)(self._keyed)

    def __repr__(self) -> str:
        """Return a text without keys."""
        return f"Keyring(month={self.month})"

    # --- subjects and tags: how an entry is found without saying whom it is about ---

    def keyed_subject(self, kind: SubjectKind, name: str) -> bytes:
        """Return what an entry's body keeps of a subject: 32 bytes that mean nothing without the month's key."""
        return self._keyed(kind, name) if kind is SubjectKind.CHILD else self._keyed_party(kind, name)

    def _keyed(self, kind: SubjectKind, name: str) -> bytes:
        return hmac.digest(self._subject_key, bytes((kind,)) + name.encode(), "sha256")

    def tag(self, kind: SubjectKind, keyed: bytes, counter: int) -> bytes:
        """Return the tag of the counter-th entry about a subject: no two are alike, and no two can be linked."""
        return hmac.digest(self._tag_key, bytes((kind,)) + keyed + _COUNTER.pack(counter), "sha256")[:TAG_BYTES]

    def tag_of(self, subject: TaggedSubject) -> bytes:
        """Return the tag of a subject of an entry."""
        return self.tag(subject.kind, subject.keyed, subject.counter)

    def seal_number(self, number: int) -> bytes:
        """Return a child's number, sealed for an entry's body."""
        return self._numbers.seal(number.to_bytes(5, "big"), b"")

    def open_number(self, sealed: bytes) -> int:
        """Return a child's number from an entry's body; raises Unreadable."""
        return int.from_bytes(self._numbers.open(sealed, b""), "big")

    # --- entries ---

    def seal_body(self, index: int, body: bytes) -> tuple[bytes, bytes]:
        """Return a body sealed with a fresh salt, and its leaf: SHA-256(salt || body)."""
        salt = os.urandom(_SALT_BYTES)
        content = _BODY_LENGTH.pack(len(body)) + salt + body
        room = key_row.SEAL_BYTES
        size = next((one for one in BODY_SIZES if len(content) <= one - room), None)
        if size is None:
            raise ValueError("an entry too long for every size")
        return self._bodies.seal(content.ljust(size - room, b"\0"), _INDEX.pack(index)), leaf_of(salt, body)

    def open_body(self, index: int, sealed: bytes) -> tuple[bytes, bytes]:
        """Return salt and body of the entry at `index`; raises Unreadable."""
        content = self._bodies.open(sealed, _INDEX.pack(index))
        if len(content) < _BODY_LENGTH.size + _SALT_BYTES:
            raise Unreadable
        (length,) = _BODY_LENGTH.unpack_from(content)
        start = _BODY_LENGTH.size + _SALT_BYTES
        if start + length > len(content):
            raise Unreadable
        return content[_BODY_LENGTH.size : start], content[start : start + length]

    # --- children ---

    def child_tag(self, number: int) -> bytes:
        """Return the name of a child's key row: no other process has the same name for the child."""
        return hmac.digest(self._row_tag_key, number.to_bytes(8, "big"), "sha256")

    def seal_row(self, tag: bytes, row: KeyRow) -> bytes:
        """Return a key row sealed in one of a few sizes; raises ValueError if it fits none."""
        return self._rows.seal(key_row.pack(row), tag)

    def open_row(self, tag: bytes, sealed: bytes) -> KeyRow:
        """Return the key row stored under `tag`; raises Unreadable."""
        try:
            return key_row.unpack(self._rows.open(sealed, tag))
        except ValueError:
            raise Unreadable from None

    def section_key(self, row: KeyRow, section: Section, source: bytes, version: int) -> bytes:
        """Return the key that is released for one version of one source's statements in one section."""
        return expand(row.root_key, b"contactpoint/section/" + bytes((section,)) + source + version.to_bytes(4, "big"))

    def seal_state(self, seq: int, row: StateRow) -> bytes:
        """Return one row of the log of states, sealed in one size whatever it says."""
        return self._states.seal(state_row.pack(row), _INDEX.pack(seq))

    def open_state(self, seq: int, sealed: bytes) -> StateRow:
        """Return what the seq-th row of the log of states says; raises Unreadable."""
        try:
            return state_row.unpack(self._states.open(sealed, _INDEX.pack(seq)))
        except ValueError:
            raise Unreadable from None

    def own_tag(self, person: str) -> bytes:
        """Return by which name the log of states knows a person."""
        return self.keyed_subject(SubjectKind.PERSON, person)[:PERSON_BYTES]

    # --- parties, acts, the ledger's own position ---

    def party_tag(self, kind: str, party: str) -> bytes:
        """Return the name of a party's row."""
        return hmac.digest(self._party_key, f"{kind}\0{party}".encode(), "sha256")

    def standing_share(self, kind: str, party: str, digest: bytes) -> int:
        """Return what one party's standing adds to the sum over all, by which an older row among them is noticed."""
        content = f"sum\0{kind}\0{party}\0".encode() + digest
        return int.from_bytes(hmac.digest(self._party_key, content, "sha256"), "big")

    def seal_standing(self, tag: bytes, content: bytes) -> bytes:
        """Return a party's newest standing, sealed."""
        return self._standings.seal(key_row.padded(content, (256,)), tag)

    def open_standing(self, tag: bytes, sealed: bytes) -> bytes:
        """Return a party's standing; raises Unreadable."""
        return self._unpadded(self._standings, sealed, tag)

    def act_id(self, actor: str, method: str, idempotency_key: str) -> bytes:
        """Return an act's name: the same in every retry, whoever retries."""
        content = b"".join(len(part).to_bytes(2, "big") + part.encode() for part in (actor, method, idempotency_key))
        return hmac.digest(self._act_key, content, "sha256")

    def seal_act(self, act_id: bytes, content: bytes) -> bytes:
        """Return what the ledger keeps of an act, sealed; raises ValueError if it fits no size."""
        return self._acts.seal(key_row.padded(content, (512, 8192, 32_768)), act_id)

    def open_act(self, act_id: bytes, sealed: bytes) -> bytes:
        """Return what the ledger keeps of an act; raises Unreadable."""
        return self._unpadded(self._acts, sealed, act_id)

    def seal_position(self, content: bytes) -> bytes:
        """Return where the log and the other registers end, sealed."""
        return self._positions.seal(content, b"")

    def open_position(self, sealed: bytes) -> bytes:
        """Return where the log and the other registers end; raises Unreadable."""
        return self._positions.open(sealed, b"")

    def _unpadded(self, box: _Box, sealed: bytes, place: bytes) -> bytes:
        try:
            return key_row.unpadded(box.open(sealed, place))
        except ValueError:
            raise Unreadable from None

    # --- what callers carry and cannot read ---

    def mint(self, handle: Handle) -> bytes:
        """Return the 64 bytes that stand for a handle."""
        return self._handles.seal(handles.pack(handle), b"")

    def open_handle(self, minted: bytes) -> Handle | None:
        """Return what a handle says, or None if we never minted it."""
        if len(minted) != HANDLE_BYTES:
            return None
        try:
            return handles.unpack(self._handles.open(minted, b""))
        except ValueError:
            return None

    def seal_candidates(self, session_tag: str, numbers: tuple[int, ...]) -> bytes:
        """Return the candidates of a search that a later creation is compared with, in one size."""
        slots = b"".join(number.to_bytes(5, "big") for number in numbers[:MOST_CANDIDATES])
        return self._candidates.seal(slots.ljust(5 * MOST_CANDIDATES, b"\0"), uuid.UUID(session_tag).bytes)

    def open_candidates(self, session_tag: str, sealed: bytes) -> tuple[int, ...]:
        """Return the candidates that `seal_candidates` sealed; raises Unreadable."""
        slots = self._candidates.open(sealed, uuid.UUID(session_tag).bytes)
        numbers = (int.from_bytes(slots[i : i + 5], "big") for i in range(0, len(slots), 5))
        return tuple(number for number in numbers if number)

    def seal_page(self, content: bytes, session_tag: str) -> bytes:
        """Return a page token that is good in this session alone."""
        return self._pages.seal(content, session_tag.encode())

    def open_page(self, sealed: bytes, session_tag: str) -> bytes:
        """Return what a page token says; raises Unreadable."""
        return self._pages.open(sealed, session_tag.encode())


def leaf_of(salt: bytes, body: bytes) -> bytes:
    """Return the salted commitment that the tree holds of a body."""
    return hashlib.sha256(salt + body).digest()


def expand(key: bytes, info: bytes) -> bytes:
    """Return 32 bytes by HKDF-Expand (RFC 5869, 2.3) with SHA-256; `key` is random already, so nothing is extracted."""
    return hmac.digest(key, info + b"\x01", "sha256")
