"""What a device sent and how good it was, as asset-service shows it."""

from pydantic import BaseModel

from gridseal.wire.fields import UtcTime


class AssetQuality(BaseModel):
    """One device over a window of domain time."""

    asset_id: str
    device_id: str
    site_id: str
    window_start: UtcTime
    window_end: UtcTime
    readings: int
    """Stored, of all quantities, whose period began in the window."""
    suspect: int
    bad: int
    """Stored and not believed: no part of any window."""
    refused: dict[str, int]
    """Not stored, by reason."""
    hits: dict[str, int]
    """Findings by quality rule."""
    newest_reading_end: UtcTime | None
    """End of the newest period ever sent, domain time."""
    newest_stored_at: UtcTime | None
    """When that was stored, wall clock."""
    series_id: str | None
    """Power series of this asset alone, whose energy is counted."""
    today_start: UtcTime | None
    """Local midnight of the site."""
    energy_today_wh: float | None
    """Sum over complete and incomplete windows since then, as measured; none without such a series or windows."""


class QualityPage(BaseModel):
    """Answer of ``GET /api/v1/assets/quality``."""

    as_at: UtcTime
    items: list[AssetQuality]
    next_cursor: str | None = None
