"""The configs that come with the product, by name."""

from importlib.resources import files
from pathlib import Path

from gridseal.errors import ConfigError

SETS = "forecast_service.backtest.sets"


def shipped_names() -> list[str]:
    """Names of all shipped sets, sorted."""
    return sorted(f.name.removesuffix(".yaml") for f in files(SETS).iterdir() if f.name.endswith(".yaml"))


def shipped(name: str) -> Path:
    """The config of one shipped set.

    Raises:
        ConfigError: There is no such set; the text names those that there are.
    """
    if name not in shipped_names():
        raise ConfigError(f"no set {name}; there are {', '.join(shipped_names())}")
    return Path(str(files(SETS) / f"{name}.yaml"))


def config_path(name: str) -> Path:
    """A YAML file as it is named, else the config of the shipped set of that name.

    Raises:
        ConfigError: There is no such set.
    """
    return Path(name) if name.endswith(".yaml") else shipped(name)
