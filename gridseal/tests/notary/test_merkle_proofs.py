"""A proof convinces of exactly the leaves that are in the tree."""

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from gridseal.notary.leaf import Leaf, leaf_hash, salt_of
from gridseal.notary.merkle import MerkleTree, root_from_proof

hashes = st.binary(min_size=32, max_size=32)
trees = st.lists(hashes, min_size=1, max_size=40)


@given(trees, st.data())
def test_every_leaf_leads_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))

    assert root_from_proof(leaves[index], tree.proof(index)) == tree.root


@given(trees, hashes, st.data())
def test_a_forged_leaf_is_refused(leaves: list[bytes], forged: bytes, data: st.DataObject) -> None:
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))

    if forged != leaves[index]:
        assert root_from_proof(forged, tree.proof(index)) != tree.root


@given(st.lists(hashes, min_size=2, max_size=40, unique=True), st.data())
def test_a_proof_with_one_changed_bit_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = tree.proof(index)
    at = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    proof[at] = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")

    assert root_from_proof(leaves[index], proof) != tree.root


@given(st.lists(hashes, min_size=3, max_size=20, unique=True))
def test_the_order_of_the_leaves_is_part_of_the_root(leaves: list[bytes]) -> None:
    turned = [*leaves[1:], leaves[0]]

    assert MerkleTree(turned).root != MerkleTree(leaves).root


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3), st.integers(0, 2**64 - 1))
def test_an_inner_node_is_never_a_leaf(values: list[int], target_start: int) -> None:
    left = leaf_hash(Leaf("home-01/net", target_start, 900, tuple(values)), salt_of(b"s" * 32, 0))
    right = leaf_hash(Leaf("home-01/net", target_start, 900, tuple(values)), salt_of(b"s" * 32, 1))
    node = min(left, right) + max(left, right)

    # The 64 bytes under a node, hashed as a leaf would be, do not give the node.
    assert MerkleTree([left, right]).root == keccak(node)
    assert keccak(keccak(node)) != MerkleTree([left, right]).root


def test_a_tree_without_leaves_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        MerkleTree([])
