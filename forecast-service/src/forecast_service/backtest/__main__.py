"""``python -m forecast_service.backtest CONFIG.yaml`` or ``--set NAME``."""

import argparse
import sys
from functools import partial
from pathlib import Path

from forecast_service.backtest.config import read_config
from forecast_service.backtest.lineup import forecaster
from forecast_service.backtest.run import Choice, run_set, summary
from forecast_service.backtest.shipped import shipped, shipped_names
from forecast_service.backtest.written import markdown, put
from gridseal.errors import ConfigError


def main() -> int:
    """Run what was asked for; 2 when a config, a file or a model is at fault."""
    arguments = _arguments()
    try:
        if arguments.tables:
            text = markdown(Path(arguments.out))
            print(text) if arguments.into is None else put(arguments.into, text)
            return 0
        for path in _configs(arguments):
            _run(path, arguments)
    except ConfigError as error:
        print(f"gridseal backtest: {error}", file=sys.stderr)
        return 2
    return 0


def _run(path: Path, arguments: argparse.Namespace) -> None:
    wanted = read_config(path)
    models = tuple(arguments.models.split(",")) if arguments.models else wanted.models
    folders = (path.resolve().parent, Path.cwd(), Path(arguments.data), Path(arguments.out) / "data")
    make = partial(forecaster, champion=wanted.champion, openstef=arguments.openstef)
    choice = Choice(models, arguments.fresh, not arguments.rescore, make)
    rows = run_set(wanted, folders, Path(arguments.out), choice, _say)
    print(f"\n{wanted.title or wanted.name} (weather: {wanted.weather})")
    print("\n".join(summary(rows, models)))
    print(f"{arguments.out}/{wanted.name}.json, {arguments.out}/{wanted.name}.html")


def _configs(arguments: argparse.Namespace) -> list[Path]:
    if arguments.config:
        return [Path(arguments.config)]
    return [shipped(name) for name in (shipped_names() if arguments.set == "all" else arguments.set.split(","))]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="gridseal backtest", description="Rolling-origin backtest of quantile forecasts."
    )
    parser.add_argument("config", nargs="?", help="YAML file; docs/forecasting.md says what it may hold")
    parser.add_argument("--set", help=f"shipped sets instead, or all: {', '.join(shipped_names())}")
    parser.add_argument("--models", help="only these, separated by commas")
    parser.add_argument("--data", default="../shared/data", help="where the files of the shipped sets are")
    parser.add_argument("--out", default=".local/backtest", help="where results go")
    parser.add_argument("--fresh", action="store_true", help="compute peers again that an earlier run has computed")
    parser.add_argument(
        "--rescore", action="store_true", help="score the champion's kept forecasts, do not compute them"
    )
    parser.add_argument("--openstef", type=Path, help="Python 3.12 that has openstef 4.7, for the peer of that name")
    parser.add_argument("--tables", action="store_true", help="only print the results that are there, as Markdown")
    parser.add_argument("--into", type=Path, help="with --tables: put them between the marks of this file instead")
    arguments = parser.parse_args()
    if arguments.tables:
        return arguments
    if bool(arguments.config) == bool(arguments.set):
        parser.error("give a config file or --set")
    return arguments


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
