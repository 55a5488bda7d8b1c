"""Every environment variable of asset-service."""

from pathlib import Path

from pydantic import Field

from asset_service.presets import CATALOG_FOLDER
from gridseal.runtime.settings import PrefixedSettings, prefixed


class AssetSettings(PrefixedSettings):
    """Settings under ``ASSET_``. The servers' addresses are in ``GRIDSEAL_*``."""

    model_config = prefixed("ASSET_")

    port: int | None = None
    """REST, health and metrics. Unset: ``GRIDSEAL_PORT_BASE`` + 8010."""
    catalog_dir: Path = CATALOG_FOLDER
    """Folder of the YAML presets."""
    optional: str = ""
    """Comma-separated names of further presets: ``de``, ``us``, ``es`` (markets), ``fontana`` (the homes together)."""
    mongo_database: str = "gridseal"
    dependency_timeout_s: float = Field(default=5.0, gt=0)
    """How long one call to MongoDB, Kafka or PostgreSQL may take before it counts as failed."""
    retry_max_s: float = Field(default=5.0, gt=0)
    """Longest pause between two tries to publish the catalog."""
    relay_interval_s: float = Field(default=10.0, gt=0)
    """Pause between two looks for records that are not on Kafka yet."""
    performance_product: str = "site-6h"
    """The product whose forecasts count in ``/api/v1/assets/performance``."""


def optional_of(settings: AssetSettings) -> tuple[str, ...]:
    """Names of the optional presets."""
    return tuple(name.strip() for name in settings.optional.split(",") if name.strip())
