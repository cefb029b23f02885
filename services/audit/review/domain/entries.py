"""Entries of the log as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.audit.review.domain import checkpoints, tree
from services.audit.review.errors import LogNotProvable

MOST_ON_A_PAGE = 50
"""Of the 200 that the contract allows: a search's entry with 20 subjects and its proof takes 3 KB, a message 256 KB."""
MOST_OWN_LOOKS_ON_A_PAGE = 20

_LARGEST_NUMBER = 9_999_999_999


@dataclass(frozen=True)
class Receipt:
    """What a caller keeps of an entry: position and leaf."""

    index: int
    leaf: bytes


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for; a `size` of 0 is the usual one."""

    size: int
    token: bytes


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What an entry's stored bytes say, as far as people read it; it names no child."""

    index: int
    at: datetime
    """Aware, UTC."""
    act: str
    person: str
    """UUID; empty where no person acted."""
    role: str
    """By its name in access.proto; empty where no person acted."""
    organisation: str
    """UUID at the time."""
    reason_code: str
    reason_text: str
    outcome: str
    """"ALLOWED", "REFUSED" or "EMPTY"."""
    rule: str
    sections: tuple[str, ...]
    """Such as ("identity", "services")."""
    children: int
    """How many children it is about."""
    beneficiary: str = ""
    """UUID of the colleague for whom a mediator looked; empty where nobody mediated."""


@dataclass(frozen=True, kw_only=True)
class EntryProof:
    """What lets an outsider check one entry: its leaf is SHA-256(salt || body)."""

    index: int
    body: bytes
    salt: bytes
    inclusion_proof: tuple[bytes, ...]
    """RFC 6962, from the leaf upwards."""


@dataclass(frozen=True)
class Look:
    """One entry with what proves it."""

    entry: Entry
    proof: EntryProof


@dataclass(frozen=True)
class OwnLook:
    """One act of one's own."""

    entry: Entry
    number: str
    """Ten digits; empty where the act is about no child, or about several."""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """A page of entries with proofs, newest first."""

    looks: tuple[Look, ...]
    checkpoint: str
    """The signed note that the proofs lead to."""
    next_page_token: bytes
    total: int
    """How many there are in all, as far as the caller may read."""
    receipt: Receipt
    """This reading's own entry."""


@dataclass(frozen=True, kw_only=True)
class OwnLooks:
    """A page of one's own acts, newest first."""

    looks: tuple[OwnLook, ...]
    next_page_token: bytes
    receipt: Receipt


def number_text(number: int) -> str:
    """Return a child's number as ten digits, and an empty text for 0; raises ValueError for what is no number."""
    if not 0 <= number <= _LARGEST_NUMBER:
        raise ValueError("a number has ten digits")
    return f"{number:010d}" if number else ""


def page_of(page: Page, *, usual: int, most: int) -> Page:
    """Return the page to ask for: the usual size where none was said, never more than `most`."""
    return Page(min(page.size or usual, most), page.token)


def check_proofs(found: Looks) -> None:
    """Raise LogNotProvable unless every entry's stored bytes lead to the root of the checkpoint beside them."""
    if not found.looks:
        return
    try:
        checkpoint = checkpoints.parsed(found.checkpoint)
        for look in found.looks:
            proof = look.proof
            leaf = tree.leaf_hash(tree.commitment(proof.salt, proof.body))
            root = tree.root_from_inclusion(proof.index, checkpoint.size, leaf, proof.inclusion_proof)
            if root != checkpoint.root or proof.index != look.entry.index:
                raise LogNotProvable
    except ValueError:
        raise LogNotProvable from None
