"""Every environment variable of the feeds: ``FEEDS_*``, and the names that the source designs gave the keys."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, AwareDatetime, Field

from gridseal.runtime.settings import PrefixedSettings, prefixed


class FeedSettings(PrefixedSettings):
    """Everything has a default but keys; a feed whose key is missing stands still alone."""

    model_config = prefixed("FEEDS_")

    port: int | None = None
    """Health, metrics, status. Unset: ``GRIDSEAL_PORT_BASE`` + 8031."""
    mode: Literal["live", "historical"] = Field(
        default="live", validation_alias=AliasChoices("FEEDS_MODE", "LIVE_OR_HISTORICAL")
    )
    """``live`` follows the sources; ``historical`` fills ``begin`` to ``end`` once and ends. The code is the same."""
    begin: AwareDatetime | None = None
    """Start of the history. Unset: 2023-01-01T00:00Z, as S3 asks."""
    end: AwareDatetime | None = None
    """End of the history. Unset: 2026-01-01T00:00Z, or now if that is earlier."""
    only: str = ""
    """Sources, or files of them (``us,de``), separated by commas; empty: all."""
    sources_dir: Path | None = None
    """A folder with more YAML records of sources, beside those that come with the gateway."""
    raw_dir: Path | None = None
    """Where raw answers are kept. Unset: ``GRIDSEAL_STATE_DIR``/feeds/raw."""
    urls: dict[str, str] = Field(default_factory=dict)
    """Provider → base URL in place of the usual one, as JSON."""
    replay_url: str = ""
    """Base of a replay server (``python -m ingestion_gateway.feeds.replay``): every provider is asked there."""
    retries: int = Field(default=3, ge=0, le=10)
    """More tries after a request that failed."""
    retry_pause_s: float = Field(default=60.0, ge=0)
    """Wall seconds between them; a ``Retry-After`` of the provider comes first."""
    max_body_bytes: int = Field(default=16 * 2**20, ge=1_024)
    """A longer answer is refused unread: it is held in memory."""

    eia_api_key: str = Field(default="", validation_alias=AliasChoices("EIA_API_KEY", "FEEDS_EIA_API_KEY"), repr=False)
    weather_api_key: str = Field(
        default="", validation_alias=AliasChoices("WEATHER_API_KEY", "FEEDS_WEATHER_API_KEY"), repr=False
    )
    esios_token: str = Field(default="", validation_alias=AliasChoices("ESIOS_TOKEN", "FEEDS_ESIOS_TOKEN"), repr=False)
    """One, or several separated by commas: a refused one makes room for the next."""
    entsoe_token: str = Field(
        default="", validation_alias=AliasChoices("ENTSOE_TOKEN", "FEEDS_ENTSOE_TOKEN"), repr=False
    )

    @property
    def keys(self) -> dict[str, str]:
        """Variable → key, as providers ask for them."""
        return {
            "EIA_API_KEY": self.eia_api_key,
            "WEATHER_API_KEY": self.weather_api_key,
            "ESIOS_TOKEN": self.esios_token,
            "ENTSOE_TOKEN": self.entsoe_token,
        }

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names in ``only``."""
        return tuple(name.strip() for name in self.only.split(",") if name.strip())
