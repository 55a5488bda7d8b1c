"""``python -m forecast_service.backtest.beside --set eia --column NAME``: an operator's own forecast beside ours.

The column holds one value a period, without a band: medians are compared, by mean absolute error over P99 − P1 of the
outcomes, on the targets where everybody has a value. Models are taken from what ``gridseal backtest`` kept.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from forecast_service.backtest.config import Part, read_config
from forecast_service.backtest.issues import targets_of
from forecast_service.backtest.kept import Kept, fingerprint
from forecast_service.backtest.ports import Floats
from forecast_service.backtest.rolling import Plan, plan
from forecast_service.backtest.shipped import config_path
from forecast_service.backtest.table import load_series
from forecast_service.model.grid import take
from gridseal.errors import ConfigError

OPERATOR = "operator"


def main() -> int:
    """Print the table; 2 when the config, the file or a model's forecasts are not there."""
    asked = _arguments()
    try:
        path = config_path(asked.name)
        wanted = read_config(path)
        folders = (path.resolve().parent, Path.cwd(), asked.data, asked.out / "data")
        kept = Kept(asked.out / wanted.name)
        for part in wanted.parts:
            made = plan(part, load_series(part, folders))
            medians = {OPERATOR: column_of(part, made, asked.column, folders)}
            for name in asked.models.split(","):
                medians[name] = _median(made, kept.load(part.name, name, fingerprint(part, made.series)), name)
            print(text_of([s.series_id for s in made.series], errors(made.outcomes, medians)))
    except ConfigError as error:
        print(f"beside: {error}", file=sys.stderr)
        return 2
    return 0


def column_of(part: Part, made: Plan, column: str, folders: tuple[Path, ...]) -> Floats:
    """``(S, I, H)`` of another column of the same file, at the targets of a plan; NaN where it has none.

    Raises:
        ConfigError: The file has no such column.
    """
    theirs = part.model_copy(update={"source": part.source.model_copy(update={"target": column})})
    targets = targets_of(made.issues_s, part.task.first_lead, part.task.horizon, part.resolution)
    by_id = {one.series_id: one for one in load_series(theirs, folders)}
    return np.stack(
        [
            take(by_id[s.series_id].target, (targets - by_id[s.series_id].start_s) // part.resolution)
            for s in made.series
        ]
    )


def errors(outcomes: Floats, medians: Mapping[str, Floats]) -> dict[str, Floats]:
    """``(S,)`` mean absolute error over P99 − P1 of the outcomes, on targets where everybody has a value."""
    common = np.isfinite(outcomes) & np.all([np.isfinite(m) for m in medians.values()], axis=0)
    out = {}
    for name, median in medians.items():
        off = np.where(common, np.abs(median - outcomes), np.nan)
        spread = [np.diff(np.nanpercentile(y[seen], (1, 99)))[0] for y, seen in zip(outcomes, common, strict=True)]
        out[name] = np.nanmean(off, axis=(1, 2)) / np.array(spread)
    return out


def text_of(series: Sequence[str], found: Mapping[str, Floats]) -> str:
    """A Markdown table, a row for each series and one for their mean."""
    rows = [["series", *found], ["---"] * (len(found) + 1)]
    rows += [[name, *(f"{error[k]:.4f}" for error in found.values())] for k, name in enumerate(series)]
    rows.append(["mean", *(f"{error.mean():.4f}" for error in found.values())])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _median(made: Plan, quantiles: Floats | None, name: str) -> Floats:
    levels = made.part.task.levels_bps
    if quantiles is None:
        raise ConfigError(f"{name} has no forecasts of this task: run gridseal backtest with --models {name} first")
    if 5_000 not in levels:
        raise ConfigError("the set has no median: add 0.5 to its quantiles")
    return np.asarray(quantiles[..., levels.index(5_000)])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m forecast_service.backtest.beside", description=__doc__)
    parser.add_argument("--set", dest="name", required=True, help="a shipped set of the backtest, or a YAML file")
    parser.add_argument("--column", required=True, help="column of the file that holds the operator's forecast")
    parser.add_argument("--models", default="champion,lightgbm_tuned,analogue13,seasonal_naive")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data files")
    parser.add_argument("--out", type=Path, default=Path(".local/backtest"), help="where results are")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
