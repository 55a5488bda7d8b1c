"""Loads the promoted model and serves forecasts with it.

What needs PyTorch is imported when it is asked for: the API looks into the registry without it.
"""

from typing import TYPE_CHECKING, Any

from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.inference.registry import ModelRegistry

if TYPE_CHECKING:
    from forecast_service.inference.champion import ChampionLoader
    from forecast_service.inference.serving import ServingForecaster

__all__ = ["ChampionLoader", "MlflowRegistry", "ModelRegistry", "ServingForecaster"]


def __getattr__(name: str) -> Any:
    if name == "ChampionLoader":
        from forecast_service.inference.champion import ChampionLoader

        return ChampionLoader
    if name == "ServingForecaster":
        from forecast_service.inference.serving import ServingForecaster

        return ServingForecaster
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
