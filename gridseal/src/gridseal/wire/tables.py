"""Forecasts as flat rows, for CSV, Parquet and data frames: one row per series, run and target period.

Values stand in the unit of the column ``unit`` as floats, one column per quantile level: ``q0.05`` is the value that
the outcome does not exceed with probability 0.05. Levels differ between products: a row lacks what its run lacks.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gridseal.wire.beliefs import BeliefsAt
from gridseal.wire.forecasts import ForecastRun
from gridseal.wire.views import SeriesForecastView

Row = dict[str, Any]


def quantile_column(level_bps: int) -> str:
    """``q0.05`` for 500 basis points."""
    return f"q{level_bps / 10_000:g}"


def forecast_rows(views: Iterable[SeriesForecastView]) -> list[Row]:
    """The newest runs of some series."""
    rows: list[Row] = []
    for view in views:
        head = {
            "series_id": view.series_id, "site_id": view.site_id, "kind": view.kind, "unit": view.unit,
            "product_id": view.product_id, "run_id": view.run_id, "slot": view.slot, "issued_at": view.issued_at,
            "model": view.model, "model_version": view.model_version, "rung": view.rung,
            "data_age_s": view.data_age_s, "seal": view.seal.state if view.seal else None,
            "resolution_s": view.resolution_s,
        }  # fmt: skip
        rows += (
            head | {"target_start": p.target_start} | _values(view.levels_bps, p.values_milli) for p in view.points
        )
    return rows


def actual_rows(views: Iterable[SeriesForecastView]) -> list[Row]:
    """What was measured, as it came with forecasts."""
    return [
        {
            "series_id": view.series_id, "unit": view.unit, "period_start": a.period_start,
            "resolution_s": view.resolution_s, "mean": a.mean_milli / 1_000, "complete": a.complete,
            "version": a.version,
        }
        for view in views
        for a in view.actuals
    ]  # fmt: skip


def run_rows(run: ForecastRun) -> list[Row]:
    """One run, whole."""
    return [
        {
            "series_id": series.series_id, "unit": series.unit, "product_id": run.product_id, "run_id": run.run_id,
            "slot": run.slot, "issued_at": run.issued_at, "model": series.model, "model_version": run.model_version,
            "rung": series.rung, "data_age_s": series.data_age_s, "resolution_s": series.resolution_s,
            "target_start": point.target_start,
        }
        | _values(run.levels_bps, point.values_milli)
        for series in run.series
        for point in series.points
    ]  # fmt: skip


def belief_rows(found: BeliefsAt) -> list[Row]:
    """What was believed at one or several moments."""
    runs, rows = {mark.run_id: mark for mark in found.runs}, list[Row]()
    for belief in found.beliefs:
        for point in belief.points:
            mark = runs[point.run_id]
            rows.append(
                {
                    "as_at": belief.as_at, "before_s": belief.before_s, "series_id": found.series_id,
                    "unit": found.unit, "product_id": found.product_id, "run_id": point.run_id,
                    "issued_at": mark.issued_at, "model": mark.model, "rung": mark.rung,
                    "resolution_s": found.resolution_s, "target_start": point.target_start,
                }
                | _values(mark.levels_bps, point.values_milli)
            )  # fmt: skip
    return rows


def _values(levels_bps: Sequence[int], values_milli: Sequence[int]) -> Row:
    return {quantile_column(level): value / 1_000 for level, value in zip(levels_bps, values_milli, strict=True)}
