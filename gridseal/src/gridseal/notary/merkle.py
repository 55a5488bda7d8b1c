"""Merkle trees by the rules of OpenZeppelin's ``StandardMerkleTree``.

Leaf hashes are sorted; the tree is an array of ``2n - 1`` nodes with the root first and leaf ``i``
of the sorted order at ``2n - 2 - i``; a node is the keccak of its two children in sorted order.
"""

from collections.abc import Sequence

from gridseal.notary.keccak import keccak


def _pair(a: bytes, b: bytes) -> bytes:
    return keccak(a + b if a < b else b + a)


class MerkleTree:
    """A tree over leaf hashes, in the order given; proofs are asked for by that order."""

    def __init__(self, leaf_hashes: Sequence[bytes]) -> None:
        if not leaf_hashes:
            raise ValueError("a tree needs at least one leaf")
        count = len(leaf_hashes)
        order = sorted(range(count), key=leaf_hashes.__getitem__)
        self._nodes = nodes = [b""] * (2 * count - 1)
        self._place = [0] * count
        for rank, index in enumerate(order):
            nodes[2 * count - 2 - rank] = leaf_hashes[index]
            self._place[index] = 2 * count - 2 - rank
        for i in range(count - 2, -1, -1):
            left, right = nodes[2 * i + 1], nodes[2 * i + 2]
            nodes[i] = keccak(left + right if left < right else right + left)

    @property
    def root(self) -> bytes:
        """32 bytes that stand for all leaves."""
        return self._nodes[0]

    def proof(self, index: int) -> list[bytes]:
        """Sibling hashes from the leaf to the root."""
        at, path = self._place[index], []
        while at > 0:
            path.append(self._nodes[at + 1 if at % 2 else at - 1])
            at = (at - 1) // 2
        return path


def root_from_proof(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that ``leaf`` and its siblings lead to."""
    at = leaf
    for sibling in proof:
        at = _pair(at, sibling)
    return at
