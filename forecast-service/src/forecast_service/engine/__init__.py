"""The general quantile forecaster for any table of series: one configuration, every scale taken from the data."""

from forecast_service.engine.forecaster import EngineForecaster, champion

__all__ = ["EngineForecaster", "champion"]
