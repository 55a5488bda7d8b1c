"""Runs a set: data, models, probe, scores, files."""

import json
import math
import platform
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from forecast_service.backtest.config import Backtest, Part
from forecast_service.backtest.kept import Kept, fingerprint
from forecast_service.backtest.leaks import probe, refuse_outcomes
from forecast_service.backtest.lineup import forecaster
from forecast_service.backtest.ports import Floats, TableForecaster
from forecast_service.backtest.report import write_report
from forecast_service.backtest.results import OWN, Row, rows_of, score_part
from forecast_service.backtest.rolling import Plan, plan, roll
from forecast_service.backtest.table import load_series
from gridseal.errors import ConfigError

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """What to compute."""

    models: tuple[str, ...]
    fresh: bool = False
    """Compute peers again, too."""
    again: bool = True
    """Compute our own model again; else what an earlier run forecast is scored once more."""
    make: Callable[[str], TableForecaster] = forecaster


def run_set(wanted: Backtest, folders: tuple[Path, ...], out: Path, choice: Choice, say: Say) -> list[Row]:
    """Compute, score and write ``<out>/<set>.json``, ``<set>.html`` and ``<set>/run.json``.

    Args:
        wanted: The set.
        folders: Where its files are looked for.
        out: Folder of the results.
        choice: Which models.
        say: Takes one line of progress at a time.

    Raises:
        ConfigError: Config and file do not fit each other, or a forecaster reads what had not arrived.
    """
    kept = Kept(out / wanted.name)
    plans = [plan(part, load_series(part, folders)) for part in wanted.parts]
    tables, seconds = [], dict.fromkeys(choice.models, 0.0)
    forecasts: list[Mapping[str, Floats]] = []
    for made in plans:
        refuse_outcomes(made)
        found = {}
        for model in choice.models:
            started = time.monotonic()
            found[model] = _forecast(made, model, kept, choice)
            seconds[model] += time.monotonic() - started
            say(f"{wanted.name}/{made.part.name}: {model} {time.monotonic() - started:.0f} s")
        forecasts.append(found)
        tables.append(score_part(made, found))
    rows = rows_of(tables)
    _write(wanted, plans, rows, seconds, out)
    write_report(out / f"{wanted.name}.html", wanted, tables, forecasts, rows)
    return rows


def _forecast(made: Plan, model: str, kept: Kept, choice: Choice) -> Floats:
    print_of = fingerprint(made.part, made.series)
    if not choice.fresh and (model != OWN or not choice.again):
        old = kept.load(made.part.name, model, print_of)
        if old is not None:
            return old
    fitted = choice.make(model)
    quantiles = roll(made, fitted)
    leak = probe(made, fitted)
    if leak is not None:
        raise ConfigError(f"{model}: {leak}")
    kept.save(made.part.name, model, print_of, quantiles)
    return quantiles


def _write(
    wanted: Backtest, plans: Sequence[Plan], rows: Sequence[Row], seconds: Mapping[str, float], out: Path
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    listed = [
        {**{k: _plain(v) for k, v in asdict(row).items()}, "set": wanted.name, "weather": wanted.weather}
        for row in rows
    ]
    (out / f"{wanted.name}.json").write_text(_lines(listed), encoding="utf-8")
    about = {
        "set": wanted.name,
        "weather": wanted.weather,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        "seconds": {name: round(s, 1) for name, s in seconds.items()},
        "leak_probe": "passed by every model that was computed",
        "parts": [_about(p) for p in plans],
    }
    folder = out / wanted.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def _lines(rows: Sequence[Mapping[str, object]]) -> str:
    """A JSON list with one row a line."""
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


def _about(made: Plan) -> dict[str, object]:
    part: Part = made.part
    return {
        **part.model_dump(mode="json"),
        "series": [s.series_id for s in made.series],
        "issues": len(made.issues_s),
        "outcomes": int(np.isfinite(made.outcomes).sum()),
    }


def _plain(value: object) -> object:
    """JSON knows no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _commit() -> str | None:
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


def summary(rows: Sequence[Row], models: Sequence[str]) -> list[str]:
    """The table of a terminal: one line a model, over all."""
    shown = ("rcrps", "rcrps_peak", "rmae", "mape", "coverage80", "coverage90", "mace", "crossings")
    value = {(r.model, r.metric): r.value for r in rows if r.slice == "all"}
    lines = [f"{'model':<16}" + "".join(f"{name:>12}" for name in shown)]
    lines += [f"{m:<16}" + "".join(f"{value[m, name]:>12.4f}" for name in shown) for m in models]
    return lines
