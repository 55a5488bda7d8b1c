"""Merkle trees by the rules of OpenZeppelin's ``StandardMerkleTree`` with ``sortLeaves: false``.

The tree is an array of ``2n - 1`` nodes with the root first and leaf ``i`` at ``2n - 2 - i``; a node is
the keccak of its two children in sorted order. Leaves keep the order given: two trees over the same
periods then want their leaves in the same order, so that one proof of many leaves can pair them.
"""

from collections.abc import Sequence

from gridseal.notary.keccak import keccak


def node_of(a: bytes, b: bytes) -> bytes:
    """The node above two nodes, in whichever order they are given."""
    return keccak(a + b if a < b else b + a)


class MerkleTree:
    """A tree over leaf hashes, in the order given; proofs are asked for by that order."""

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        if not leaf_hashes:
            raise ValueError("a tree needs at least one leaf")
        count = len(leaf_hashes)
        self.nodes: list[bytes] = [b""] * (count - 1) + list(reversed(leaf_hashes))
        """The root first; the children of node ``i`` are ``2i + 1`` and ``2i + 2``."""
        nodes = self.nodes
        for i in range(count - 2, -1, -1):
            left, right = nodes[2 * i + 1], nodes[2 * i + 2]
            nodes[i] = keccak(left + right if left < right else right + left)

    @property
    def root(self) -> bytes:
        """32 bytes that stand for all leaves."""
        return self.nodes[0]

    def proof(self, index: int) -> list[bytes]:
        """Sibling hashes from the leaf to the root."""
        at, path = len(self.nodes) - 1 - index, []
        while at > 0:
            path.append(self.nodes[at + 1 if at % 2 else at - 1])
            at = (at - 1) // 2
        return path


def root_from_proof(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that ``leaf`` and its siblings lead to."""
    at = leaf
    for sibling in proof:
        at = node_of(at, sibling)
    return at
