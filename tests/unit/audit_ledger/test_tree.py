"""The tree is RFC 6962's: known roots and proofs, and every proof leads to the root."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.ledger.domain.tree import TILE, Tree, leaf_hash, node_hash, tile_root

# The leaves and roots of Certificate Transparency's own test (google/certificate-transparency, merkle_tree_test).
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def plain_root(hashes: Sequence[bytes]) -> bytes:
    """Return MTH of RFC 6962, 2.1, word for word."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while 2 * k < len(hashes):
        k *= 2
    return node_hash(plain_root(hashes[:k]), plain_root(hashes[k:]))


def tree_of(count: int) -> tuple[Tree, list[bytes]]:
    tree = Tree()
    leaves = [hashlib.sha256(str(n).encode()).digest() for n in range(count)]
    for leaf in leaves:
        tree.append(leaf)
    return tree, [leaf_hash(leaf) for leaf in leaves]


def test_the_roots_are_the_known_ones() -> None:
    tree = Tree()
    assert tree.root() == hashlib.sha256(b"").digest()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        tree.append(leaf)
        assert tree.root().hex() == root


def test_the_proofs_are_the_known_ones() -> None:
    tree = Tree()
    for leaf in LEAVES:
        tree.append(leaf)
    path = tree.inclusion_proof(5, 8, lambda _: [])
    assert [node.hex()[:8] for node in path] == ["bc1a0643", "ca854ea1", "d37ee418"]
    proof = tree.consistency_proof(6, 8, lambda _: [])
    assert [node.hex()[:8] for node in proof] == ["0ebc5d34", "ca854ea1", "d37ee418"]


SIZES = st.integers(1, 1100)
_BIG, _HASHES = tree_of(1100)


def leaf_hashes(tile: int) -> list[bytes]:
    return _HASHES[tile * TILE : (tile + 1) * TILE]


@given(size=SIZES, at=st.integers(0, 1099))
def test_every_inclusion_proof_leads_to_the_root(size: int, at: int) -> None:
    index = at % size
    node, first, last = _HASHES[index], index, size - 1
    for sibling in _BIG.inclusion_proof(index, size, leaf_hashes):
        # RFC 9162, 2.1.3.2.
        if first % 2 or first == last:
            node = node_hash(sibling, node)
            while not first % 2 and first:
                first, last = first // 2, last // 2
        else:
            node = node_hash(node, sibling)
        first, last = first // 2, last // 2
    assert last == 0
    assert node == plain_root(_HASHES[:size]) == _BIG.root_at(size, leaf_hashes)


@given(sizes=st.tuples(SIZES, SIZES).map(sorted))
def test_every_consistency_proof_leads_to_both_roots(sizes: list[int]) -> None:
    old, size = sizes
    proof = _BIG.consistency_proof(old, size, leaf_hashes)
    if old == size:
        assert proof == []
        return
    # RFC 9162, 2.1.4.2.
    if old & (old - 1) == 0:
        proof = [plain_root(_HASHES[:old]), *proof]
    first, last = old - 1, size - 1
    while first % 2:
        first, last = first // 2, last // 2
    before = after = proof[0]
    for sibling in proof[1:]:
        assert last
        if first % 2 or first == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not first % 2 and first:
                first, last = first // 2, last // 2
        else:
            after = node_hash(after, sibling)
        first, last = first // 2, last // 2
    assert (before, after, last) == (plain_root(_HASHES[:old]), plain_root(_HASHES[:size]), 0)


@given(size=SIZES)
def test_a_tree_from_tiles_is_the_same_tree(size: int) -> None:
    tiles = [tile_root(leaf_hashes(n)) for n in range(size // TILE)]
    leaves = [hashlib.sha256(str(n).encode()).digest() for n in range(len(tiles) * TILE, size)]
    rebuilt = Tree.of(tiles, leaves)
    assert (rebuilt.size, rebuilt.root()) == (size, plain_root(_HASHES[:size]))


def test_there_is_no_proof_of_what_is_not_there() -> None:
    tree, _ = tree_of(3)
    for index, size in ((3, 3), (0, 4), (-1, 3)):
        with pytest.raises(ValueError, match="no such leaf"):
            tree.inclusion_proof(index, size, lambda _: [])


def test_tiles_of_tiles_are_kept() -> None:
    tree = Tree.of([bytes(32)] * (TILE + 1), [])
    assert tree.root() == node_hash(tile_root([bytes(32)] * TILE), bytes(32))
