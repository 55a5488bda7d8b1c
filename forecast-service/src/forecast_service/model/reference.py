"""Point references per kind and the quantiles of what they miss.

The network predicts deviations from the reference; where it is not good enough the reference with
its residual quantiles is served alone. Leads count periods behind the newest known value: lead 0 is
the period right after it. Stale telemetry thus means longer leads
and wider bands by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.model.frame import Frame
from forecast_service.model.grid import Floats, Ints, quantiles_of, take
from forecast_service.model.kinds import REFERENCE, Reference
from forecast_service.model.panel import Panel

HOURS = 24
ENOUGH = 20
"""Residuals that an hour of the day needs for quantiles of its own."""
UNIT_FLOOR_SHARE = 0.02
RESIDUAL_DAYS = 365
"""Newest days that residuals are taken from."""


@dataclass(frozen=True, slots=True)
class ReferenceFit:
    """What was learned about the reference of one series."""

    rule: Reference
    survival: Floats
    """``(K,)`` share of the newest anomaly that is left at lead ``0 … K - 1``; only for ``anomaly``."""
    residuals: Floats
    """``(K, 24, Q)`` quantiles of actual minus reference by lead and UTC hour of the target, in units (``unit_w``)."""


def reference(frame: Frame, rule: Reference, rows: Ints, known: Ints, targets: Ints, survival: Floats) -> Floats:
    """Point reference: ``(n, H)`` W.

    Args:
        frame: Columns that cover ``known`` and ``targets``.
        rule: Which reference.
        rows: ``(n,)`` rows of the panel.
        known: ``(n,)`` positions behind the newest known value.
        targets: ``(n, H)`` positions.
        survival: ``(n, H)``, for ``anomaly``.
    """
    now, row = known - frame.as_of_first, rows[:, None]
    last = frame.as_of.last[rows, now][:, None]
    if rule == "last":
        return np.broadcast_to(last, targets.shape).copy()
    at = targets - frame.positions_first
    mean7 = frame.positions.mean7[row, at]
    mean7 = np.where(np.isfinite(mean7), mean7, last)
    if rule == "index":
        return np.asarray(0.5 * frame.as_of.index[rows, now][:, None] * frame.positions.envelope[row, at] + 0.5 * mean7)
    return np.asarray(mean7 + survival * frame.as_of.anomaly[rows, now][:, None])


def fit_reference(
    frame: Frame,
    row: int,
    slots: Ints,
    leads: int,
    levels: Sequence[float],
    *,
    rule: Reference | None = None,
    survival: Floats | None = None,
) -> ReferenceFit:
    """Learn survival and residual quantiles of one series.

    Args:
        frame: Columns over the whole history.
        row: Row of the panel.
        slots: Positions to learn from; the targets of all leads lie where learning may look.
        leads: K; the longest lead is one less.
        levels: Probabilities.
        rule: The reference, that of the kind unless given.
        survival: Kept as it is where given, learned otherwise.
    """
    panel = frame.panel
    rule = rule or REFERENCE[panel.kinds[row]]
    known = slots[np.isfinite(take(panel.values[row], slots - 1))]
    known = known[known >= known[-1:].sum() - RESIDUAL_DAYS * panel.per_day]
    targets = known[:, None] + np.arange(leads)
    rows = np.full(len(known), row)
    if survival is None:
        survival = _survival(frame, row, known, targets) if rule == "anomaly" else np.zeros(leads)
    point = reference(frame, rule, rows, known, targets, np.broadcast_to(survival, targets.shape))
    error = (take(panel.values[row], targets) - point) / unit_w(frame, rows, known, targets)
    hour = hour_of(panel, targets)
    return ReferenceFit(rule, survival, _by_hour(error, hour, levels))


def reference_quantiles(frame: Frame, fit: ReferenceFit, row: int, known: Ints, targets: Ints) -> Floats:
    """Reference plus residual quantiles: ``(n, H, Q)`` W, not clipped to physics yet."""
    lead = np.clip(targets - known[:, None], 0, len(fit.survival) - 1)
    rows = np.full(len(known), row)
    point = reference(frame, fit.rule, rows, known, targets, fit.survival[lead])
    unit = unit_w(frame, rows, known, targets)[..., None]
    return np.asarray(point[..., None] + unit * fit.residuals[lead, hour_of(frame.panel, targets)])


def unit_w(frame: Frame, rows: Ints, known: Ints, targets: Ints) -> Floats:
    """What deviations from the reference are measured in: ``(n, H)`` W.

    Solar: the envelope at the target, so that what was learned in winter holds in summer. Loads: the
    spread of the last week. Wind: the range.
    """
    width = frame.as_of.width[rows, known - frame.as_of_first][:, None]
    envelope = frame.positions.envelope[rows[:, None], targets - frame.positions_first]
    clear = envelope + UNIT_FLOOR_SHARE * frame.panel.ranges[rows][:, None]
    return np.where(frame.panel.solar[rows][:, None], clear, width)


def hour_of(panel: Panel, at: Ints) -> Ints:
    """UTC hour of the day of positions."""
    return np.asarray((panel.start_s + at * panel.resolution_s) // 3_600 % HOURS, dtype=np.int64)


def _survival(frame: Frame, row: int, known: Ints, targets: Ints) -> Floats:
    x = frame.as_of.anomaly[row, known - frame.as_of_first][:, None]
    y = take(frame.panel.values[row], targets) - frame.positions.mean7[row, targets - frame.positions_first]
    ok = np.isfinite(y)
    y = np.where(ok, y, 0.0)
    return np.asarray(np.clip((x * y).sum(axis=0) / np.maximum((x**2 * ok).sum(axis=0), 1e-9), 0.0, 1.0))


def _by_hour(error: Floats, hour: Ints, levels: Sequence[float]) -> Floats:
    """Quantiles per lead and hour of ``(n, K)``; of all hours where an hour has too few: ``(K, 24, Q)``."""
    count, leads = error.shape
    most = max((int(np.bincount(hour[:, k]).max()) for k in range(leads if count else 0)), default=1)
    grouped = np.full((leads, HOURS, most), np.nan)
    for k in range(leads):
        order = np.argsort(hour[:, k], kind="stable")
        ordered = hour[order, k]
        rank = np.arange(count) - np.searchsorted(ordered, ordered)
        grouped[k, ordered, rank] = error[order, k]
    overall = quantiles_of(grouped.reshape(leads, -1), levels)[:, :, None]
    enough = np.isfinite(grouped).sum(axis=-1) > ENOUGH
    return np.nan_to_num(np.moveaxis(np.where(enough, quantiles_of(grouped, levels), overall), 0, -1))
