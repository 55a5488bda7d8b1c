"""One proof for many leaves convinces of exactly those leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridseal.notary.merkle import MerkleTree
from gridseal.notary.multiproof import MultiProof, multiproof, root_from_multiproof

hashes = st.binary(min_size=32, max_size=32)


@st.composite
def openings(draw: st.DrawFn) -> tuple[list[bytes], list[int]]:
    leaves = draw(st.lists(hashes, min_size=1, max_size=40, unique=True))
    chosen = draw(st.sets(st.integers(0, len(leaves) - 1), min_size=1))
    return leaves, sorted(chosen)


@given(openings())
def test_the_chosen_leaves_lead_to_the_root(opening: tuple[list[bytes], list[int]]) -> None:
    leaves, chosen = opening
    tree = MerkleTree(leaves)

    assert root_from_multiproof([leaves[i] for i in chosen], multiproof(tree, chosen)) == tree.root


@given(openings(), hashes, st.data())
def test_a_forged_leaf_is_refused(opening: tuple[list[bytes], list[int]], forged: bytes, data: st.DataObject) -> None:
    leaves, chosen = opening
    tree = MerkleTree(leaves)
    opened = [leaves[i] for i in chosen]
    opened[data.draw(st.integers(0, len(opened) - 1))] = forged

    if forged not in leaves:
        assert root_from_multiproof(opened, multiproof(tree, chosen)) != tree.root


@given(st.lists(hashes, min_size=1, max_size=40))
def test_all_leaves_need_no_proof(leaves: list[bytes]) -> None:
    assert multiproof(MerkleTree(leaves), range(len(leaves))).proof == ()


@given(openings())
def test_the_proof_of_one_leaf_is_its_way_to_the_root(opening: tuple[list[bytes], list[int]]) -> None:
    leaves, chosen = opening
    tree = MerkleTree(leaves)

    assert list(multiproof(tree, chosen[:1]).proof) == tree.proof(chosen[0])


@pytest.mark.parametrize("indices", [(), (1, 0), (0, 0), (0, 3), (-1, 0)])
def test_indices_that_do_not_ascend_over_the_leaves_are_refused(indices: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascending indices"):
        multiproof(MerkleTree([b"a" * 32, b"b" * 32, b"c" * 32]), indices)


@pytest.mark.parametrize(
    "given_proof",
    [
        MultiProof((), ()),
        MultiProof((b"p" * 32,), (True, True)),
        MultiProof((b"p" * 32, b"q" * 32), (False, True, True)),
        MultiProof((), (False,)),
    ],
)
def test_a_proof_that_does_not_fit_its_leaves_is_refused(given_proof: MultiProof) -> None:
    with pytest.raises(ValueError, match="not one of so many leaves"):
        root_from_multiproof([b"a" * 32, b"b" * 32], given_proof)
