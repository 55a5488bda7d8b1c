"""Finds the model that a run names: the baseline, or a version in the registry, checked like one that serves."""

from collections.abc import Callable

from forecast_service.inference.mlflow_registry import MlflowRegistry
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.model.sealed import Keys
from forecast_service.ports import Forecaster
from forecast_service.replay.inputs import InputsUnreadableError
from forecast_service.settings import Device, Runtime
from gridseal.wire.forecasts import ForecastRun


def model_of_run(
    url: str, trusted: Callable[[], Keys], run: ForecastRun, runtime: Runtime = "auto", device: Device = "auto"
) -> Forecaster | None:
    """The forecaster of a run, on the runtime and device that serve; none where the baseline served.

    Raises:
        InputsUnreadableError: The registry has no such version, or another model under its number.
        UnavailableError: The registry does not answer.
        ArtifactRefusedError: The files are not what was registered and signed.
    """
    if run.model_name == AnalogueForecaster().name:
        return None
    from forecast_service.inference.champion import load_version  # PyTorch: only where a network is replayed
    from forecast_service.inference.fast import fast_opener

    registry = MlflowRegistry(url, run.model_name)
    registered = registry.numbered(run.model_version)
    if registered is None or registered.model_hash != run.model_hash:
        raise InputsUnreadableError(
            f"the registry has no {run.model_name}/{run.model_version} with the hash of the run"
        )
    return load_version(registry, registered, trusted(), fast_opener(runtime, device))
