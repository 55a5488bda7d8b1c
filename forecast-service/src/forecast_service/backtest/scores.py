"""The one scorer: sums per issue from which every figure, and every resampling of it, follows. Pure.

Dimensions: S series, I issues, H target periods, Q levels, K parts. A target that is missing counts nowhere.
Definitions follow OpenSTEF BEAM (packages/openstef-beam/src/openstef_beam/metrics): CRPS is twice the
interval-weighted pinball loss, and "relative" means divided by P99 - P1 of the outcomes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecast_service.backtest.ports import Floats
from forecast_service.model.levels import at_levels, interval_weights, probabilities

Mask = NDArray[np.bool_]
OuterWeight = Literal["unit", "mirrored"]

BANDS_BPS = {"coverage50": (2_500, 7_500), "coverage80": (1_000, 9_000), "coverage90": (500, 9_500)}
FIGURES = (
    "rcrps", "rcrps_peak", "twcrps_p99", "rmae", "mape", "coverage50", "coverage80", "coverage90", "mace",
    "width80", "crossings", "pinball",
)  # fmt: skip
_PARTS = (
    "n", "crps", "peak_weight", "peak_crps", "tail", "absolute", "relative_n", "relative", "inside_n",
    "coverage50", "coverage80", "coverage90", "width80", "pairs", "crossed", "pinball",
)  # fmt: skip
LEAST_RELATIVE = 0.01
"""MAPE leaves out targets below this share of P99(abs(y)): there it only measures how small they are."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What one series' errors are measured against, in the unit of its target."""

    scale: float
    """P99 - P1 of the outcomes."""
    peak: float
    """P99 of their absolute value."""
    tail: float
    """Threshold of the threshold-weighted CRPS: P99 of what was known before the test."""


def yardstick(outcomes: Floats, before: Floats) -> Yardstick:
    """From the outcomes that fix the denominator, and the values before the test that fix the tail.

    Raises:
        ValueError: Too few values, or all of them equal.
    """
    known, earlier = outcomes[np.isfinite(outcomes)], before[np.isfinite(before)]
    if len(known) < 2 or len(earlier) < 2:
        raise ValueError("fewer than two values")
    low, high = np.quantile(known, [0.01, 0.99])
    if not high > low:
        raise ValueError("the target does not vary: P99 equals P1")
    return Yardstick(float(high - low), float(np.quantile(np.abs(known), 0.99)), float(np.quantile(earlier, 0.99)))


def level_weights(levels_bps: Sequence[int], outer: OuterWeight = "unit") -> Floats:
    """Share of the probability axis that each level stands for, summing to 1.

    ``unit`` lets the outermost levels reach to 0 and 1, as OpenSTEF BEAM does; ``mirrored`` gives them as
    much outside as inside.
    """
    if outer == "mirrored":
        return interval_weights(levels_bps)
    p = probabilities(levels_bps)
    return np.asarray(np.diff(np.concatenate([[0.0], (p[1:] + p[:-1]) / 2, [1.0]])))


def pinball_loss(actual: Floats, quantiles: Floats, levels_bps: Sequence[int]) -> Floats:
    """``(..., Q)`` from ``(...)`` and ``(..., Q)``."""
    p = probabilities(levels_bps)
    error = actual[..., None] - quantiles
    return np.asarray(np.maximum(p * error, (p - 1) * error))


def quantile_crps(actual: Floats, quantiles: Floats, levels_bps: Sequence[int], outer: OuterWeight = "unit") -> Floats:
    """``(...)`` from ``(...)`` and ``(..., Q)``, in the unit of the target."""
    return np.asarray(2 * pinball_loss(actual, quantiles, levels_bps) @ level_weights(levels_bps, outer))


def threshold_crps(
    actual: Floats, quantiles: Floats, levels_bps: Sequence[int], threshold: float, outer: OuterWeight = "unit"
) -> Floats:
    """CRPS weighted with 1 above the threshold and 0 below: that of ``max(y, t)`` under ``max(q, t)``.

    A proper score of the tail that does not choose hours by their outcome (Gneiting and Ranjan 2011).
    """
    return quantile_crps(np.maximum(actual, threshold), np.maximum(quantiles, threshold), levels_bps, outer)


def parts_of(
    actual: Floats,
    quantiles: Floats,
    levels_bps: Sequence[int],
    measure: Yardstick,
    *,
    banded: Mask | None = None,
    outer: OuterWeight = "unit",
) -> Floats:
    """Sums per issue, ``(I, K)``, of one series.

    Args:
        actual: ``(I, H)``, NaN where there is no outcome.
        quantiles: ``(I, H, Q)``; NaN is refused, as a missing forecast must not improve a score.
        levels_bps: ``(Q,)`` ascending.
        measure: Its own.
        banded: ``(I, H)`` targets that count for coverage; all when left out. At night PV has no band.
        outer: See ``level_weights``.

    Raises:
        ValueError: A forecast is missing where there is an outcome.
    """
    known = np.isfinite(actual)
    if not np.isfinite(quantiles[known]).all():
        raise ValueError("a forecast is missing or not a number where there is an outcome")
    y, q = np.where(known, actual, 0.0), np.where(known[..., None], quantiles, 0.0)
    weight = np.where(known, np.clip(np.abs(y) / max(measure.peak, 1e-12), 0.1, 1.0), 0.0)
    crps, middle = quantile_crps(y, q, levels_bps, outer), np.abs(y - at_levels(q, levels_bps, [5_000])[..., 0])
    sizable = known & (np.abs(y) >= LEAST_RELATIVE * measure.peak)
    inside = known if banded is None else known & banded
    bands, held = _bands(y, q, levels_bps, inside)
    parts: Mapping[str, Floats | Mask] = {
        "n": known,
        "crps": crps,
        "peak_weight": weight,
        "peak_crps": weight * crps,
        "tail": np.where(known, threshold_crps(y, q, levels_bps, measure.tail, outer), 0.0),
        "absolute": middle,
        "relative_n": sizable,
        "relative": np.where(sizable, middle / np.where(sizable, np.abs(y), 1.0), 0.0),
        "inside_n": inside,
        **held,
        "width80": bands["coverage80"][..., 1] - bands["coverage80"][..., 0],
        "pairs": known * (len(levels_bps) - 1),
        "crossed": (np.diff(q, axis=-1) < 0).sum(axis=-1),
        "pinball": pinball_loss(y, q, levels_bps).mean(axis=-1),
    }
    sums = [np.asarray(parts[name], dtype=np.float64).sum(axis=1) for name in _PARTS]
    below = ((y[..., None] <= q) & inside[..., None]).sum(axis=1).astype(np.float64)
    return np.concatenate([np.stack(sums, axis=1), below], axis=1)


def _bands(y: Floats, q: Floats, levels_bps: Sequence[int], inside: Mask) -> tuple[dict[str, Floats], dict[str, Mask]]:
    """Edges ``(I, H, 2)`` of each band, and which counted outcomes lie within."""
    bands = {name: at_levels(q, levels_bps, pair) for name, pair in BANDS_BPS.items()}
    return bands, {name: (y >= b[..., 0]) & (y <= b[..., 1]) & inside for name, b in bands.items()}


def figures_of(sums: Floats, levels_bps: Sequence[int], measure: Yardstick) -> dict[str, Floats]:
    """Every figure of one series, ``(...)`` each, from sums over issues ``(..., K)``.

    ``pinball`` is in the unit of the target and averages the levels plainly, ``mape`` is in percent, coverage,
    ``mace`` and ``crossings`` are shares, all others are relative to ``measure.scale``.
    """
    part = {name: sums[..., i] for i, name in enumerate(_PARTS)}

    def mean(name: str, over: str = "n") -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(part[name] / part[over])

    with np.errstate(invalid="ignore", divide="ignore"):
        observed = sums[..., len(_PARTS) :] / part["inside_n"][..., None]
    return {
        "rcrps": mean("crps") / measure.scale,
        "rcrps_peak": mean("peak_crps", "peak_weight") / measure.scale,
        "twcrps_p99": mean("tail") / measure.scale,
        "rmae": mean("absolute") / measure.scale,
        "mape": 100 * mean("relative", "relative_n"),
        **{name: mean(name, "inside_n") for name in BANDS_BPS},
        "mace": np.abs(observed - probabilities(levels_bps)).mean(axis=-1),
        "width80": mean("width80") / measure.scale,
        "crossings": mean("crossed", "pairs"),
        "pinball": mean("pinball"),
    }


def issue_loss(parts: Floats) -> Floats:
    """Mean CRPS of each issue, ``(I,)`` from ``(I, K)``, for a Diebold-Mariano test; NaN without outcome."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(parts[:, _PARTS.index("crps")] / parts[:, _PARTS.index("n")])
