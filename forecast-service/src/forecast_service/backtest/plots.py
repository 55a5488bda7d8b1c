"""The four pictures of a report, as SVG text."""

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from forecast_service.backtest.issues import targets_of
from forecast_service.backtest.ports import Floats
from forecast_service.backtest.results import Table
from forecast_service.model.levels import at_levels, probabilities

Forecasts = Sequence[Mapping[str, Floats]]
"""By part, then model: ``(S, I, H, Q)``."""
PIT_BINS = 20
MOST_TRANSFORMED = 20_000
FAN_ISSUES = 14
FAN_STEPS = 400


def _svg(figure: Figure) -> str:
    """Without dates and random ids, so that one result is one file."""
    target = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "gridseal", "svg.fonttype": "none"}):
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    text = target.getvalue()
    return text[text.index("<svg") :]


def reliability(tables: Sequence[Table], forecasts: Forecasts, models: Sequence[str]) -> str:
    """Share of outcomes at or below each quantile, over its level; the diagonal is right."""
    figure = Figure(figsize=(5, 4.6))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    for name in models:
        levels = probabilities(tables[0].plan.part.task.levels_bps)
        below, count = np.zeros(len(levels)), 0
        for table, found in zip(tables, forecasts, strict=True):
            y = table.plan.outcomes
            known = np.isfinite(y)
            q = at_levels(found[name], table.plan.part.task.levels_bps, [round(p * 10_000) for p in levels])
            below += (y[known][:, None] <= q[known]).sum(axis=0)
            count += int(known.sum())
        axes.plot(levels, below / max(count, 1), marker="o", markersize=3, label=name)
    axes.set(xlabel="level", ylabel="observed share", xlim=(0, 1), ylim=(0, 1))
    axes.legend(fontsize=7)
    return _svg(figure)


def sharpness(tables: Sequence[Table], forecasts: Forecasts, models: Sequence[str]) -> str:
    """Mean width of the 80 % band by lead, relative to P99 - P1; narrow is good only where reliability holds."""
    figure = Figure(figsize=(5, 4.6))
    axes = figure.subplots()
    for name in models:
        for k, (table, found) in enumerate(zip(tables, forecasts, strict=True)):
            part = table.plan.part
            band = at_levels(found[name], part.task.levels_bps, [1_000, 9_000])
            scale = np.array([m.scale for m in table.measures])[:, None]
            width = ((band[..., 1] - band[..., 0]).mean(axis=1) / scale).mean(axis=0)
            lead = (part.task.first_lead + 1 + np.arange(part.task.horizon)) * part.resolution / 3_600
            color = f"C{list(models).index(name) % 10}"
            axes.plot(lead, width, label=name if k == 0 else None, linewidth=1, color=color)
    axes.set(xlabel="lead, hours", ylabel="width of the 80 % band")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7)
    return _svg(figure)


def pit(tables: Sequence[Table], forecasts: Forecasts, model: str) -> str:
    """Where outcomes fall within the forecast distribution; flat is right, a U is too narrow, a hump too wide."""
    figure = Figure(figsize=(5, 3.2))
    axes = figure.subplots()
    values = []
    for table, found in zip(tables, forecasts, strict=True):
        known = np.isfinite(table.plan.outcomes)
        every = max(int(known.sum()) // MOST_TRANSFORMED, 1)
        outcomes, quantiles = table.plan.outcomes[known][::every], found[model][known][::every]
        values.append(transform(outcomes, quantiles, table.plan.part.task.levels_bps))
    share, edges = np.histogram(np.concatenate(values), bins=PIT_BINS, range=(0, 1))
    axes.bar(edges[:-1], share / max(share.sum(), 1) * PIT_BINS, width=1 / PIT_BINS, align="edge", edgecolor="white")
    axes.axhline(1, color="0.5", linewidth=1)
    axes.set(xlabel=f"probability integral transform, {model}", ylabel="relative frequency", xlim=(0, 1))
    return _svg(figure)


def transform(actual: Floats, quantiles: Floats, levels_bps: Sequence[int]) -> Floats:
    """``(n,)`` in 0…1: linear between quantiles, and as far into a tail as the outcome lies beyond its edge.

    A tail has no shape of its own here: beyond the outermost quantile the outcome gets a place in the tail by
    its distance, half of it one width of the outer interval away. Ties, such as PV at night, get the middle.
    """
    p = probabilities(levels_bps)
    low = (quantiles < actual[:, None]).sum(axis=1)
    high = (quantiles <= actual[:, None]).sum(axis=1)
    padded = np.concatenate([[0.0], p, [1.0]])
    out = np.empty(len(actual))
    for k in range(len(actual)):
        a, q, y = low[k], quantiles[k], actual[k]
        if high[k] > a:  # equal to one quantile or several
            out[k] = (p[a] + p[high[k] - 1]) / 2
        elif a == 0:
            out[k] = p[0] / (1 + (q[0] - y) / max(q[1] - q[0], 1e-12))
        elif a == len(p):
            out[k] = 1 - (1 - p[-1]) / (1 + (y - q[-1]) / max(q[-1] - q[-2], 1e-12))
        else:
            out[k] = padded[a] + (padded[a + 1] - padded[a]) * (y - q[a - 1]) / max(q[a] - q[a - 1], 1e-12)
    return out


def fan(table: Table, quantiles: Floats, model: str) -> str:
    """Bands and outcomes of the first series, over some issues in the middle of the test."""
    made = table.plan
    part = made.part
    targets = targets_of(made.issues_s, part.task.first_lead, part.task.horizon, part.resolution)
    stride = max(round(part.task.horizon * part.resolution / max(float(np.median(np.diff(made.issues_s))), 1)), 1) \
        if len(made.issues_s) > 1 else 1  # fmt: skip
    middle = len(made.issues_s) // 2
    many = max(min(FAN_ISSUES, FAN_STEPS // part.task.horizon), 1)
    figure = Figure(figsize=(10.5, 3.6))
    axes = figure.subplots()
    for k in list(range(middle, len(made.issues_s), stride))[:many]:
        q = at_levels(quantiles[0, k], part.task.levels_bps, [500, 2_500, 5_000, 7_500, 9_500])
        moments = targets[k].astype("datetime64[s]")
        axes.fill_between(moments, q[:, 0], q[:, 4], color="C0", alpha=0.2, linewidth=0)
        axes.fill_between(moments, q[:, 1], q[:, 3], color="C0", alpha=0.35, linewidth=0)
        axes.plot(moments, q[:, 2], color="C0", linewidth=1)
        axes.plot(moments, made.outcomes[0, k], color="black", linewidth=0.8)
    axes.set(title=f"{model}: {made.series[0].series_id}, bands of 50 and 90 %, outcome in black", ylabel="target")
    axes.tick_params(axis="x", labelsize=7)
    return _svg(figure)
