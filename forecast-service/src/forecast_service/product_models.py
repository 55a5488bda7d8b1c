"""Where the model of each product is, and how it gets from there into a process."""

from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.ports import ChampionSource
from forecast_service.settings import ForecastSettings, model_of
from forecast_service.trust import trusted_keys
from gridseal.runtime.settings import CoreSettings


def registry_of(core: CoreSettings, settings: ForecastSettings, product_id: str) -> MlflowRegistry:
    """Versions of the model of one product."""
    return MlflowRegistry(core.mlflow_url, model_of(settings, product_id), settings.mlflow_experiment)


def champions_of(core: CoreSettings, settings: ForecastSettings, product_id: str) -> ChampionSource:
    """Follows the champion of one product."""
    from forecast_service.inference.champion import ChampionLoader  # PyTorch: only here and in training
    from forecast_service.inference.fast import fast_opener

    opener = fast_opener(settings.runtime, settings.device)
    return ChampionLoader(registry_of(core, settings, product_id), trusted_keys(core, settings), opener)
