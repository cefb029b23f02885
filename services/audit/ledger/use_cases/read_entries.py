"""Entries about one child or one organisation, newest first, with their proofs; the reading is an entry before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import Receipt
from services.audit.ledger.domain.tree import TILE, leaf_hash
from services.audit.ledger.ports import Log, Published, Writer
from services.audit.ledger.release_rule import ReleaseRule
from services.audit.ledger.use_cases.subject_reading import AskedPage, Found, SubjectReading

_USUAL_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEntry:
    """One entry that its reader can verify."""

    index: int
    body: bytes
    salt: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One page."""

    receipt: Receipt
    entries: tuple[ProvenEntry, ...]
    checkpoint: str
    next_page_token: bytes
    total: int


@dataclass(frozen=True, kw_only=True)
class ReadEntries:
    """Reads entries."""

    writer: Writer
    rule: ReleaseRule
    log: Log

    def __call__(self, call: Call, asked: AskedPage) -> Reading:
        """Return a page; raises what the release rule refuses with, NotFound, PageTokenRefused.

        The total is exact about a child; of an organisation's entries it counts those that others made about it too.
        """
        asked = replace(asked, page_size=asked.page_size or _USUAL_PAGE)
        reading = SubjectReading(call=call, asked=asked, rule=self.rule, log=self.log)
        plan = self.writer.write(reading.work())
        published = self.writer.published()
        found, below = reading.page(plan, published.keyring)
        total = plan.total
        if total is None:
            total = len(found) + reading.count(plan, published.keyring, below)
        return Reading(
            receipt=plan.receipt,
            entries=tuple(self._proven(found, published)),
            checkpoint=published.checkpoint,
            next_page_token=reading.next_token(plan, published.keyring, below, total),
            total=total,
        )

    def _proven(self, found: Sequence[Found], published: Published) -> Sequence[ProvenEntry]:
        tiles: dict[int, Sequence[bytes]] = {}

        def leaf_hashes(tile: int) -> Sequence[bytes]:
            if tile not in tiles:
                leaves = self.log.leaves(tile * TILE, min(published.size, (tile + 1) * TILE))
                tiles[tile] = [leaf_hash(leaf) for leaf in leaves]
            return tiles[tile]

        return [
            ProvenEntry(
                index=one.entry.index,
                body=one.body,
                salt=one.salt,
                proof=tuple(published.tree.inclusion_proof(one.entry.index, published.size, leaf_hashes)),
            )
            for one in found
        ]
