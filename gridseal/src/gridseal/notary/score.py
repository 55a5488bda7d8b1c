"""Pinball loss in whole numbers: the rule of ``QuantileScorer``, to the last digit.

Source: Gneiting & Raftery 2007, quantile score; the mean over the levels, doubled, approaches the CRPS. Nothing is a
float here, so that the chain and everybody who checks it get the same score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from eth_abi.abi import encode as abi_encode

from gridseal.notary.keccak import keccak
from gridseal.notary.leaf import name_hash

ONE: Final = 10**18
"""The worst score of a period, and that of one that was not revealed."""
BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class ActualLeaf:
    """What one leaf of measured values commits to.

    ``target_start`` is Unix seconds; value and capacity are thousandths of the series' base unit. The capacity scales
    the score of the series.
    """

    series_id: str
    target_start: int
    resolution_s: int
    value_milli: int
    capacity_milli: int


def actual_leaf_hash(leaf: ActualLeaf, salt: bytes) -> bytes:
    """The 32 bytes that stand in the tree of actuals, hashed twice as forecasts are."""
    types = ["bytes32", "uint64", "uint32", "int64", "uint64", "bytes32"]
    values = [leaf.target_start, leaf.resolution_s, leaf.value_milli, leaf.capacity_milli, salt]
    return keccak(keccak(abi_encode(types, [name_hash(leaf.series_id), *values])))


def period_score(levels_bps: Sequence[int], values_milli: Sequence[int], actual_milli: int, capacity_milli: int) -> int:
    """Score of one period, from 0 to ``ONE``, rounded down.

    For level q and value v against outcome a the loss is ``q (a - v)`` where ``a >= v``, else ``(10000 - q) (v - a)``;
    the score is ``2 sum(loss) ONE / (n 10000 capacity)``.

    Args:
        levels_bps: Quantile levels in basis points, strictly ascending between 0 and 10000.
        values_milli: One value per level.
        actual_milli: What was measured.
        capacity_milli: Above zero.

    Raises:
        ValueError: The contract would refuse these arguments.
    """
    if not levels_bps or len(levels_bps) != len(values_milli):
        raise ValueError("there must be as many values as levels, and at least one")
    if any(below >= level for below, level in pairwise((0, *levels_bps, BPS))):
        raise ValueError("levels must ascend between 0 and 10000 basis points")
    if capacity_milli <= 0:
        raise ValueError("a series without capacity cannot be scored")
    misses = ((level, actual_milli - value) for level, value in zip(levels_bps, values_milli, strict=True))
    loss = sum(level * miss if miss >= 0 else (BPS - level) * -miss for level, miss in misses)
    return min(ONE, 2 * loss * ONE // (len(levels_bps) * BPS * capacity_milli))
