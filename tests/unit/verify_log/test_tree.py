"""The verifier's tree: the vectors of RFC 6962's reference tests, and the definitions."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.verify_log.tree import Peaks, hash_of_leaf, leads_to, root_over
from tests.unit.verify_log.small_log import mth, path

# The eight leaves and their roots by which Certificate Transparency's implementations test RFC 6962's tree.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_rfc_6962(size: int) -> None:
    assert root_over(map(hash_of_leaf, LEAVES[:size])).hex() == ROOTS[size]
    assert mth(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 13, 64, 100])
def test_each_leaf_s_proof_leads_to_the_root_and_nothing_else_does(size: int) -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]
    root = mth(leaves)
    for index, leaf in enumerate(leaves):
        proof = path(index, leaves)
        assert leads_to(root, leaf=leaf, index=index, size=size, proof=proof)
        assert not leads_to(root, leaf=b"x" * 32, index=index, size=size, proof=proof)
        assert not leads_to(root, leaf=leaf, index=index, size=size, proof=[*proof, bytes(32)])
        assert not leads_to(root, leaf=leaf, index=size, size=size, proof=proof)
        if size > 1:
            assert not leads_to(root, leaf=leaf, index=(index + 1) % size, size=size, proof=proof)
            assert not leads_to(root, leaf=leaf, index=index, size=size, proof=proof[:-1])


@given(st.integers(0, 700), st.integers(0, 9))
def test_a_tree_may_grow_by_whole_subtrees(size: int, height: int) -> None:
    leaves = [n.to_bytes(2, "big") for n in range(size)]
    unit = 1 << height
    peaks = Peaks()
    for start in range(0, size - size % unit, unit):
        peaks.add(height, mth(leaves[start : start + unit]))
    for leaf in leaves[size - size % unit :]:
        peaks.add(0, hash_of_leaf(leaf))
    assert peaks.root() == mth(leaves)
