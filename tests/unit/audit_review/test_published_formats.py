"""The review's own tree, tiles and checkpoints against the definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.review.domain import checkpoints, tree
from services.audit.review.domain.tiles import TiledLog, path_of
from tests.unit.verify_log.small_log import Signer, bundles, mth, path, sample, sha, tiles
from tests.unit.verify_log.test_tree import LEAVES as RFC_LEAVES
from tests.unit.verify_log.test_tree import ROOTS as RFC_ROOTS

LEAVES = sample(1100)
SIGNER = Signer()


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_rfc_6962(size: int) -> None:
    assert tree.root_of([tree.leaf_hash(leaf) for leaf in RFC_LEAVES[:size]]).hex() == RFC_ROOTS[size]


@given(st.integers(0, 1100))
def test_a_log_s_files_are_those_of_the_definition(size: int) -> None:
    log = TiledLog()
    made = {file.path: file.content for leaf in LEAVES[:size] for file in log.append(leaf)}
    made |= {file.path: file.content for file in log.partial()}
    assert made == bundles(LEAVES[:size]) | tiles(LEAVES[:size])
    assert log.root() == mth(LEAVES[:size])


@given(st.integers(0, 1000), st.integers(0, 100))
def test_a_log_goes_on_from_its_files(size: int, more: int) -> None:
    files = bundles(LEAVES[:size]) | tiles(LEAVES[:size])
    log = TiledLog.read(size, files.__getitem__)
    assert log.root() == mth(LEAVES[:size])
    files |= {file.path: file.content for leaf in LEAVES[size : size + more] for file in log.append(leaf)}
    files |= {file.path: file.content for file in log.partial()}
    assert bundles(LEAVES[: size + more]).items() | tiles(LEAVES[: size + more]).items() <= files.items()


def test_a_log_of_three_levels_has_its_tiles() -> None:
    leaves = sample(65536 + 257)
    log = TiledLog()
    paths = {file.path for leaf in leaves for file in log.append(leaf)} | {file.path for file in log.partial()}
    assert {"tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1", "tile/0/256", "tile/entries/257.p/1"} <= paths
    assert log.root() == mth(leaves)


@given(st.integers(1, 40), st.data())
def test_a_proof_leads_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = path(index, LEAVES[:size])
    leaf = tree.leaf_hash(LEAVES[index])
    assert tree.root_from_inclusion(index, size, leaf, proof) == mth(LEAVES[:size])
    for wrong in ([*proof, bytes(32)], proof[:-1]):
        if wrong != proof:
            with pytest.raises(ValueError, match="proof"):
                tree.root_from_inclusion(index, size, leaf, wrong)


@pytest.mark.parametrize(
    "arguments, path",
    [
        ((0, 0), "tile/0/000"),
        (("entries", 1234067), "tile/entries/x001/x234/067"),
        ((2, 1000, 17), "tile/2/x001/000.p/17"),
    ],
)
def test_paths_are_those_of_the_specification(arguments: tuple[int | str, int], path: str) -> None:
    assert path_of(*arguments) == path


def test_a_leaf_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        list(TiledLog().append(b"short"))


def test_a_checkpoint_is_opened_with_its_key_alone() -> None:
    note = SIGNER.checkpoint(LEAVES).decode()
    found = checkpoints.opened(note, SIGNER.vkey)
    assert (found.origin, found.size, found.root) == (SIGNER.name, 1100, mth(LEAVES))
    other = Signer(seed=sha(b"other"))
    for key in (other.vkey, SIGNER.vkey[:-4], "", "a+b+c"):
        with pytest.raises(ValueError):  # noqa: PT011  # which check found it does not matter
            checkpoints.opened(note, key)
    for changed in (note.replace("1100", "1101"), note[:-2], note.replace("\n\n", "\n"), other.checkpoint([]).decode()):
        with pytest.raises(ValueError):  # noqa: PT011  # the same
            checkpoints.opened(changed, SIGNER.vkey)
