"""The keys of models: who may sign them, and the one that signs here."""

from collections.abc import Callable

from forecast_service.model.sealed import Keys
from forecast_service.settings import ForecastSettings
from gridseal.identity.ed25519 import SigningKey
from gridseal.identity.model_keys import PUBLIC_FILE, ensure_model_key, read_model_keys
from gridseal.runtime.settings import CoreSettings


def trusted_keys(core: CoreSettings, settings: ForecastSettings) -> Callable[[], Keys]:
    """Reads who may sign models."""
    path = settings.model_public_keys or core.state_dir / "tls" / PUBLIC_FILE
    return lambda: read_model_keys(path, "FORECAST_MODEL_PUBLIC_KEYS")


def signer_of(core: CoreSettings, settings: ForecastSettings) -> SigningKey:
    """The key that signs models; a checkout's own is made where it is missing."""
    if settings.model_key is not None:
        return SigningKey.read(settings.model_key, "FORECAST_MODEL_KEY")
    return ensure_model_key(core.state_dir / "keys", core.state_dir / "tls")
