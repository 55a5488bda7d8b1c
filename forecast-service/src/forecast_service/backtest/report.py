"""One HTML file that needs nothing but itself: figures by slice, and four kinds of pictures."""

import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment

from forecast_service.backtest import plots
from forecast_service.backtest.config import Backtest
from forecast_service.backtest.plots import Forecasts
from forecast_service.backtest.results import OWN, RIVALS, Row, Table

COLUMNS = (
    "rcrps", "rcrps_peak", "twcrps_p99", "rmae", "mape", "coverage50", "coverage80", "coverage90", "mace", "width80",
    "crossings",
)  # fmt: skip
SLICE_COLUMNS = ("rcrps", "rmae", "coverage80", "coverage90", "mace", "width80")
MOST_PICTURES = 4


def write_report(
    path: Path, wanted: Backtest, tables: Sequence[Table], forecasts: Forecasts, rows: Sequence[Row]
) -> None:
    """Write the report of one run; ``rows`` are those of ``results.rows_of``."""
    models = list(tables[0].models)
    template = Environment(autoescape=True).from_string(
        files("forecast_service.backtest").joinpath("report.html").read_text(encoding="utf-8")
    )
    shown = [m for m in (OWN, *RIVALS) if m in models][:MOST_PICTURES] or models[:MOST_PICTURES]
    best = OWN if OWN in models else shown[0]
    labels = [s for s in dict.fromkeys(r.slice for r in rows) if s != "all"]
    text = template.render(
        title=wanted.title or wanted.name,
        weather=wanted.weather,
        note=wanted.note,
        setting=_setting(tables),
        overall=_table(rows, models, "all", COLUMNS, spans=True),
        reliability=plots.reliability(tables, forecasts, models),
        sharpness=plots.sharpness(tables, forecasts, models),
        pits=[plots.pit(tables, forecasts, name) for name in shown],
        fans=[plots.fan(t, f[best], best) for t, f in list(zip(tables, forecasts, strict=True))[:MOST_PICTURES]],
        slices=[(label, _table(rows, models, label, SLICE_COLUMNS, spans=False)) for label in labels],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _setting(tables: Sequence[Table]) -> list[str]:
    lines = []
    for table in tables:
        part, made = table.plan.part, table.plan
        first, last = part.task.first_lead, part.task.first_lead + part.task.horizon - 1
        rule = f"'{part.issue.cron}' in {part.issue.zone}" if part.issue.cron else f"every {part.issue.every} periods"
        again = f", trained again every {part.refit // 86_400} days" if part.refit else ", trained once"
        lines.append(
            f"{part.name}: {len(made.series)} series of {part.resolution // 60} min, "
            f"{len(made.issues_s)} issues ({rule}), first target {first} and last {last} periods "
            f"after the issue, tested {part.test.start.date()} to {part.test.end.date()}, "
            f"trained to {part.train_end.date()}{again}"
        )
    return lines


def _table(
    rows: Sequence[Row], models: Sequence[str], label: str, columns: Sequence[str], *, spans: bool
) -> dict[str, object]:
    found = {(r.model, r.metric): r for r in rows if r.slice == label}
    skills = [f"skill_vs_{rival}" for rival in ("seasonal_naive", "analogue13", "lightgbm_tuned") if rival in models]
    wanted = [*columns, *skills]
    return {
        "head": ["model", *wanted],
        "rows": [
            {"name": m, "own": m == OWN, "cells": [_cell(found.get((m, c)), spans=spans) for c in wanted]}
            for m in models
        ],
    }


def _cell(row: Row | None, *, spans: bool) -> tuple[str, str]:
    if row is None or not math.isfinite(row.value):
        return "–", ""
    span = ""
    if spans and row.low is not None and row.high is not None and math.isfinite(row.low):
        span = f"{row.low:.4f}…{row.high:.4f}"
    return f"{row.value:.4f}" if abs(row.value) < 10 else f"{row.value:.2f}", span
