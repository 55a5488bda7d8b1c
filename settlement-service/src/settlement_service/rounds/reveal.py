"""The calls that reveal a sealed run: how many leaves it has, then those that answer an actual. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eth_abi.abi import encode as abi_encode
from eth_utils.crypto import keccak

from gridseal.notary.batch import tree_of as forecast_tree
from gridseal.notary.leaf import Leaf, leaves_of, name_hash, salt_of
from gridseal.notary.merkle import MerkleTree
from gridseal.notary.multiproof import multiproof
from gridseal.notary.score import ActualLeaf
from settlement_service.actuals.leaves import tree_of as actuals_tree
from settlement_service.rounds.values import ActualSet
from settlement_service.sealing import Sealing

PART = 80
"""Leaves per call: some 3 million gas, a fifth of what one transaction may use."""


@dataclass(frozen=True, slots=True)
class RevealCall:
    """One call of Settlement. ``part`` names it among the calls of one reveal."""

    method: Literal["countLeaves", "reveal"]
    part: str
    arguments: tuple[Any, ...]


def reveal_calls(authority: str, sealing: Sealing, final: ActualSet) -> list[RevealCall]:
    """What reveals a run, in order; empty where none of its leaves answers an actual.

    Raises:
        ValueError: The run was never signed.
    """
    if sealing.signing is None:
        raise ValueError("a run that was never signed has nothing to reveal")
    run, batch = sealing.run, sealing.signing.batch.as_tuple()
    leaves = leaves_of(run)
    place = {(leaf.series_id, leaf.target_start, leaf.resolution_s): i for i, leaf in enumerate(leaves)}
    pairs = [
        (place[a.series_id, a.target_start, a.resolution_s], j)
        for j, a in enumerate(final.items)
        if (a.series_id, a.target_start, a.resolution_s) in place
    ]
    if not pairs:
        return []
    inner = [_inner(leaf, salt_of(sealing.secret, i)) for i, leaf in enumerate(leaves)]
    calls = [RevealCall("countLeaves", "count", (authority, batch, inner))]
    trees = forecast_tree(run, sealing.secret), actuals_tree(final.items, final.secret)
    for start in range(0, len(pairs), PART):
        part = pairs[start : start + PART]
        ours, theirs = [i for i, _ in part], [j for _, j in part]
        arguments = (
            authority,
            batch,
            list(run.levels_bps),
            [_opened(leaves[i], salt_of(sealing.secret, i)) for i in ours],
            _proof(trees[0], ours),
            [_actual(final.items[j], salt_of(final.secret, j)) for j in theirs],
            _proof(trees[1], theirs),
        )
        calls.append(RevealCall("reveal", str(start), arguments))
    return calls


def _inner(leaf: Leaf, salt: bytes) -> bytes:
    """The inner one of a leaf's two hashes."""
    types = ["bytes32", "uint64", "uint32", "int64[]", "bytes32"]
    return keccak(abi_encode(types, list(_opened(leaf, salt))))


def _opened(leaf: Leaf, salt: bytes) -> tuple[Any, ...]:
    return (name_hash(leaf.series_id), leaf.target_start, leaf.resolution_s, list(leaf.values_milli), salt)


def _actual(leaf: ActualLeaf, salt: bytes) -> tuple[Any, ...]:
    fields = (leaf.target_start, leaf.resolution_s, leaf.value_milli, leaf.capacity_milli)
    return (name_hash(leaf.series_id), *fields, salt)


def _proof(tree: MerkleTree, indices: Sequence[int]) -> tuple[list[bytes], list[bool]]:
    found = multiproof(tree, indices)
    return list(found.proof), list(found.flags)
