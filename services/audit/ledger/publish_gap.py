"""The operator's command in a ledger that has lost its tail for good: the loss becomes a public part of the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from services.audit.ledger import checkpoint
from services.audit.ledger.domain.entry import Draft, GapPublished, LeafLost, Outcome
from services.audit.ledger.domain.gap import OpenGap, lost_leaf
from services.audit.ledger.domain.tree import TILE, Tree, leaf_hash
from services.audit.ledger.following import Following
from services.audit.ledger.ports import NotLeading, Store
from services.audit.ledger.storage.public_log import NotPublished, PublicLog
from services.audit.ledger.tenure import Tenure, enter_own

MOST_UNASKED = 100_000
"""A tail longer than this is more likely a slip of the finger."""
_AT_ONCE = 2000


class GapRefused(Exception):  # it names why
    """Nothing was published; the text says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class PublishGap:
    """Publishes that entries are lost, as the one leader, in one transaction."""

    store: Store
    following: Following
    public_log: PublicLog | None
    """None: nothing was ever published."""

    def __call__(self, through: int, *, lost: int | None) -> OpenGap:
        """Return the gap, which is durable and open; raises GapRefused, StoreUnavailable, StoreChanged.

        `through` is the newest entry that anybody knows of; `lost` is how many entries that makes, where it is many.
        """
        try:
            tenure = self.following.lead()
        except NotLeading:
            raise GapRefused("a ledger leads at this moment: stop every one of them first") from None
        try:
            return self._published(tenure, through, lost)
        finally:
            self.store.give_back()

    def _published(self, tenure: Tenure, through: int, lost: int | None) -> OpenGap:
        first = tenure.tree.size
        if first == 0:
            raise GapRefused("this log is empty: there is nothing that could go on")
        if through < first:
            raise GapRefused(f"nothing is missing: the log has {first} entries, the newest is {first - 1}")
        count = through + 1 - first
        if count > MOST_UNASKED and lost != count:
            raise GapRefused(f"{count} entries would be lost: if that is so, say --lost {count}")
        kept = self._published_leaves(tenure, through)
        enter_own(self.store, tenure, self.following.clock.now(), self._parts(tenure, kept, through))
        gap = tenure.registers.gaps.open
        if gap is None:
            raise GapRefused("the gap is not in the log")
        return gap

    def _published_leaves(self, tenure: Tenure, through: int) -> list[bytes]:
        """Return the leaves of lost entries that are public; raises GapRefused if what is public is another log."""
        if self.public_log is None:
            return []
        first = tenure.tree.size
        public = tenure.keyring.checkpoint_key.public_key()
        try:
            size, root = checkpoint.read(self.public_log.checkpoint(), tenure.origin, public)
            leaves = list(self.public_log.leaves(first, size))
        except NotPublished as missing:
            raise GapRefused(f"the public log: {missing} is missing or not as it should be") from None
        except ValueError:
            raise GapRefused("the public checkpoint is not signed by this log") from None
        if size > through + 1:
            raise GapRefused(f"the public log has {size} entries: say --through {size - 1} at least")
        if self._root_with(first, leaves, size) != root:
            raise GapRefused(
                "the public log is not this log's: either something was written here after the loss (recover once more,"
                " and do not start it), or somebody changed one of both"
            )
        return leaves

    def _root_with(self, first: int, leaves: Sequence[bytes], size: int) -> bytes:
        tiles = self.store.tiles()
        tree = Tree.of(tiles, self.store.leaves(len(tiles) * TILE, first))
        for leaf in leaves:
            tree.append(leaf)

        def hashes(number: int) -> list[bytes]:
            return [leaf_hash(leaf) for leaf in self.store.leaves(number * TILE, (number + 1) * TILE)]

        return tree.root_at(size, hashes)

    def _parts(self, tenure: Tenure, kept: Sequence[bytes], through: int) -> Iterator[Sequence[Draft]]:
        first, root = tenure.tree.size, tenure.tree.root()
        stands = first + len(kept)
        lost = (lost_leaf(tenure.origin, index) for index in range(stands, through + 1))
        drafts = (_lost(leaf) for leaves in (kept, lost) for leaf in leaves)
        while part := list(islice(drafts, _AT_ONCE)):
            yield part
        effect = GapPublished(first, stands, through, root)
        yield [Draft(act="log.gap_published", outcome=Outcome.ALLOWED, rule="ENTERED", effect=effect)]


def _lost(leaf: bytes) -> Draft:
    return Draft(act="log.lost", outcome=Outcome.EMPTY, rule="LOST", effect=LeafLost(leaf))
