"""``python -m forecast_service.ladder --set vic-oracle``: the table, and ``.local/ladder/SET.json``."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from forecast_service.backtest.config import Part, read_config
from forecast_service.backtest.lineup import forecaster
from forecast_service.backtest.ports import TableForecaster
from forecast_service.backtest.rolling import as_of, plan
from forecast_service.backtest.shipped import config_path
from forecast_service.backtest.table import load_series
from forecast_service.ladder.measure import measured, thinned
from forecast_service.ladder.table import Rung, rungs_of, text_of
from gridseal.errors import ConfigError

HOUR_S = 3_600
KEPT = Path(".local/backtest/data")
"""Where the backtest keeps what it fetched."""


def main() -> int:
    """Measure one set, print its table and write it; 2 when the config, the file or the model is at fault."""
    asked = _arguments(None)
    try:
        path = config_path(asked.name)
        wanted = read_config(path)
        folders = (path.resolve().parent, Path.cwd(), asked.data, KEPT)
        rows = []
        for part in wanted.parts:
            rungs = _part(part, folders, forecaster(asked.model, champion=wanted.champion), asked)
            print(text_of(f"{wanted.name} · {part.name} · weather {wanted.weather}", rungs), flush=True)
            told = {"set": wanted.name, "part": part.name, "weather": wanted.weather, "model": asked.model}
            rows += [told | {"name": rung.name} | asdict(rung) for rung in rungs]
    except ConfigError as error:
        print(f"ladder: {error}", file=sys.stderr)
        return 2
    asked.out.mkdir(parents=True, exist_ok=True)
    target = asked.out / f"{wanted.name}.json"
    target.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(target)
    return 0


def _part(part: Part, folders: tuple[Path, ...], model: TableForecaster, asked: argparse.Namespace) -> list[Rung]:
    stored_s = round(asked.stored_h * HOUR_S)
    made = thinned(plan(part, load_series(part, folders)), asked.issues, stored_s)
    until_s = int(part.train_end.timestamp())
    model.fit([as_of(s, until_s, until_s) for s in made.series], part.task, until_s)
    return rungs_of(made, measured(made, model, stale_s=round(asked.stale_h * HOUR_S), stored_s=stored_s))


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m forecast_service.ladder", description="Scores of every rung.")
    parser.add_argument("--set", dest="name", required=True, help="a shipped set of the backtest, or a YAML file")
    parser.add_argument("--model", default="champion", help="forecaster of rungs 0 to 2")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data files")
    parser.add_argument("--out", type=Path, default=Path(".local/ladder"))
    parser.add_argument("--issues", type=int, default=120, help="issues of the test window that are used, at most")
    parser.add_argument("--stale-h", type=float, default=12, help="hours without telemetry at rungs 2 and 3")
    parser.add_argument("--stored-h", type=float, default=24, help="least age of the forecast of rung 4")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
