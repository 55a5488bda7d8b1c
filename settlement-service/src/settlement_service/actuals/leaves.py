"""The set of measured values as a tree. Pure."""

from collections.abc import Sequence

from gridseal.notary.leaf import name_hash, salt_of
from gridseal.notary.merkle import MerkleTree
from gridseal.notary.score import ActualLeaf, actual_leaf_hash
from settlement_service.rounds.values import ActualSet


def committed(version: int, items: Sequence[ActualLeaf], secret: bytes) -> ActualSet:
    """The set in the order of its leaves, by hash of the series and then time, with its root."""
    ordered = tuple(sorted(items, key=lambda item: (name_hash(item.series_id), item.target_start)))
    return ActualSet(version, "0x" + tree_of(ordered, secret).root.hex(), secret, ordered)


def tree_of(items: Sequence[ActualLeaf], secret: bytes) -> MerkleTree:
    """The tree over a set, salted under ``secret``. The values are public: the salts only keep leaves apart."""
    return MerkleTree([actual_leaf_hash(item, salt_of(secret, i)) for i, item in enumerate(items)])
