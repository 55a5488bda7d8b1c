"""Forecasters by the name they have in the tables, imported only when asked for."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from forecast_service.backtest.ports import TableForecaster
from gridseal.errors import ConfigError

PEERS = "forecast_service.backtest.peers"


def _naive(name: str) -> Callable[[], TableForecaster]:
    def make() -> TableForecaster:
        from forecast_service.backtest.peers import naive

        rules = {"persistence": naive.last_value, "seasonal_naive": naive.last_week}
        return naive.ResidualForecaster(name, rules[name])

    return make


def _made_by(module: str, factory: str, *arguments: object) -> Callable[[], TableForecaster]:
    def make() -> TableForecaster:
        try:
            found: Callable[..., TableForecaster] = getattr(import_module(module), factory)
        except (ImportError, AttributeError) as error:
            raise ConfigError(f"models: {module}.{factory} is not there: {error}") from None
        return found(*arguments)

    return make


LINEUP: dict[str, Callable[[], TableForecaster]] = {
    "champion": _made_by("forecast_service.engine", "champion"),
    "lightgbm_site": _made_by("forecast_service.training.site_table", "trees_alone"),
    "persistence": _naive("persistence"),
    "seasonal_naive": _naive("seasonal_naive"),
    "damped_anomaly": _made_by(f"{PEERS}.naive", "DampedAnomaly"),
    "analogue13": _made_by(f"{PEERS}.naive", "Analogue13"),
    "linear": _made_by(f"{PEERS}.learned", "Linear"),
    "lightgbm": _made_by(f"{PEERS}.trees", "tabular"),
    "lightgbm_tuned": _made_by(f"{PEERS}.trees", "tuned"),
    "random_forest": _made_by(f"{PEERS}.learned", "RecursiveForest"),
}


CHAMPIONS = {
    "engine": LINEUP["champion"],
    "site": _made_by("forecast_service.training.site_table", "champion"),
}


def forecaster(name: str, champion: str = "engine", openstef: Path | None = None) -> TableForecaster:
    """A fresh one.

    Args:
        name: As in the tables.
        champion: Which model of our own that name stands for.
        openstef: Interpreter that has OpenSTEF.

    Raises:
        ConfigError: There is none of that name.
    """
    if name == "openstef":
        return _made_by(f"{PEERS}.openstef", "OpenStef", openstef)()
    if name not in LINEUP:
        raise ConfigError(f"models: no model {name}; there are {', '.join([*LINEUP, 'openstef'])}")
    return CHAMPIONS[champion]() if name == "champion" else LINEUP[name]()
