"""What every program does first."""

from forecast_service.app import SERVICE
from forecast_service.settings import ForecastSettings
from gridseal.runtime.logs import configure_logs
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback
from gridseal.runtime.traces import configure_traces


def started(process: str) -> tuple[CoreSettings, ForecastSettings]:
    """Settings of this process, after logs and traces have begun under its name."""
    core, settings = load_settings(CoreSettings), load_settings(ForecastSettings)
    require_loopback(core)
    configure_logs(f"{SERVICE}-{process}", core.log_level)
    configure_traces(f"{SERVICE}-{process}", core.otlp_endpoint)
    return core, settings
