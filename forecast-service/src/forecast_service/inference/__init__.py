"""Loads the promoted model and serves forecasts with it."""

from forecast_service.inference.champion import ChampionLoader
from forecast_service.inference.registry import MlflowRegistry, ModelRegistry
from forecast_service.inference.serving import ServingForecaster

__all__ = ["ChampionLoader", "MlflowRegistry", "ModelRegistry", "ServingForecaster"]
