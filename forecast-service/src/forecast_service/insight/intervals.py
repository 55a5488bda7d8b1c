"""Intervals that say how much of a figure is chance. Pure.

Forecasts of neighboring periods share their weather and their run, so their errors are not independent. Whole blocks of
time are drawn anew, not single forecasts: a moving figure of 10,000 forecasts may rest on four blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["block_bootstrap", "wilson", "none"]
HOUR_S = 3_600
SHORT_BLOCK_S, DAY_S = 6 * HOUR_S, 24 * HOUR_S
LEAST_BLOCKS = 4
"""Below, drawing blocks says nothing."""
DAYS_FOR_DAYS = 14
"""From so many days on a block is a day: longer blocks keep more of what hangs together."""
DRAWS = 1_000
Z_95 = 1.959964
_SEED = 20_260_601
"""The same question has the same answer."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the interval that holds it in 19 of 20 repetitions; no interval where there is too little."""

    value: float
    low: float | None
    high: float | None
    method: Method


def block_length_s(span_s: float) -> int:
    """Seconds of one block for figures over a span: six hours, the length of a site's forecast, or a day."""
    return DAY_S if span_s >= DAYS_FOR_DAYS * DAY_S else SHORT_BLOCK_S


def draws_of(blocks: int, draws: int = DRAWS) -> NDArray[np.int64]:
    """How often each block is drawn, ``(draws, blocks)``; none where there are too few."""
    if blocks < LEAST_BLOCKS:
        return np.zeros((0, blocks), dtype=np.int64)
    random = np.random.default_rng(_SEED)
    return random.multinomial(blocks, np.full(blocks, 1 / blocks), size=draws)


def ratio(above: Sequence[float], below: Sequence[float], drawn: NDArray[np.int64]) -> Estimate | None:
    """Sum over sum, as means are: ``above`` and ``below`` per block. None where there is nothing below.

    Args:
        above: Sum of a figure per block.
        below: Number of forecasts per block, or the sum of another figure on the same forecasts.
        drawn: From ``draws_of``.
    """
    over, under = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    if under.sum() <= 0:
        return None
    value = float(over.sum() / under.sum())
    weight = drawn @ under
    kept = weight > 0
    if not kept.any():
        return Estimate(value, None, None, "none")
    low, high = np.quantile((drawn @ over)[kept] / weight[kept], (0.025, 0.975))
    return Estimate(value, float(low), float(high), "block_bootstrap")


def share(hits: Sequence[float], counts: Sequence[float], drawn: NDArray[np.int64]) -> Estimate | None:
    """A share of outcomes, by blocks; by Wilson's formula with one trial per block where there are too few to draw."""
    found = ratio(hits, counts, drawn)
    if found is None or found.method != "none":
        return found
    low, high = wilson(found.value, max(1, sum(1 for count in counts if count > 0)))
    return Estimate(found.value, low, high, "wilson")


def skill(own: Sequence[float], other: Sequence[float], drawn: NDArray[np.int64]) -> Estimate | None:
    """How much smaller a loss is than another on the same forecasts: 1 is perfect, 0 is no better, below is worse."""
    found = ratio(own, other, drawn)
    if found is None:
        return None
    low = None if found.high is None else 1 - found.high
    high = None if found.low is None else 1 - found.low
    return Estimate(1 - found.value, low, high, found.method)


def wilson(value: float, trials: float) -> tuple[float, float]:
    """Wilson's score interval of a share at 95 % (Wilson 1927)."""
    z2 = Z_95 * Z_95
    middle = (value + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 / (1 + z2 / trials) * sqrt(value * (1 - value) / trials + z2 / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def crps(levels_bps: Sequence[int], losses: Sequence[float]) -> float:
    """CRPS from mean pinball losses: twice their integral over the levels, zero at both ends, by trapezoids.

    An approximation, as only the issued levels are known; in the unit of the losses.
    """
    at = np.array([0, *levels_bps, 10_000], dtype=np.float64) / 10_000
    loss = np.array([0.0, *losses, 0.0])
    return float(2 * np.trapezoid(loss, at))
