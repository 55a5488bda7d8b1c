"""One proof for many leaves, as OpenZeppelin's ``MerkleProof.multiProofVerify`` reads it.

A queue starts with the leaves in ascending order of their index. Each step takes one node from it and joins it with
the next of the queue (flag true) or with the next of the proof (flag false); the result goes to the queue's end.
The set of all leaves has an empty proof, and an empty proof shows that there is no other leaf.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gridseal.notary.merkle import MerkleTree, node_of


@dataclass(frozen=True, slots=True)
class MultiProof:
    """What leads from a set of leaves to the root."""

    proof: tuple[bytes, ...]
    flags: tuple[bool, ...]


def multiproof(tree: MerkleTree, indices: Sequence[int]) -> MultiProof:
    """The proof of the leaves with these indices, strictly ascending.

    Raises:
        ValueError: There is no index, or they do not ascend, or the tree has no such leaf.
    """
    last = len(tree.nodes) - 1
    in_order = all(a < b for a, b in pairwise(indices))
    if not indices or not in_order or indices[0] < 0 or 2 * indices[-1] > last:
        raise ValueError("a proof of many leaves needs ascending indices of leaves")
    queue = deque(last - index for index in indices)
    proof: list[bytes] = []
    flags: list[bool] = []
    while queue[0] > 0:
        at = queue.popleft()
        sibling = at + 1 if at % 2 else at - 1
        joined = bool(queue) and queue[0] == sibling
        if joined:
            queue.popleft()
        else:
            proof.append(tree.nodes[sibling])
        flags.append(joined)
        queue.append((at - 1) // 2)
    return MultiProof(tuple(proof), tuple(flags))


def root_from_multiproof(leaves: Sequence[bytes], given: MultiProof) -> bytes:
    """The root that ``leaves``, in ascending order of their index, and the proof lead to.

    Raises:
        ValueError: The proof is not one of so many leaves.
    """
    if not leaves or len(leaves) + len(given.proof) != len(given.flags) + 1:
        raise ValueError("the proof is not one of so many leaves")
    queue, proof = deque(leaves), deque(given.proof)
    try:
        for joined in given.flags:
            first = queue.popleft()
            queue.append(node_of(first, queue.popleft() if joined else proof.popleft()))
    except IndexError:
        raise ValueError("the proof is not one of so many leaves") from None
    if proof:
        raise ValueError("the proof is not one of so many leaves")
    return queue[-1]
