"""Quality of devices' readings and energy of the day, from the tables that streaming-processor documents."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from asset_service.own_database import OwnDatabase
from asset_service.quality import AssetQuality
from gridseal.access.tenant_rows import FIRST
from gridseal.wire.catalog import Asset, Series

NEWEST_WITHIN: Final = timedelta(days=60)
_QUERY: Final = """
SELECT a.device_id, coalesce(n.readings, 0) AS readings, coalesce(n.suspect, 0) AS suspect,
       coalesce(n.bad, 0) AS bad, l.period_end, l.stored_at, f.refused, h.hits, e.energy_wh
FROM unnest(%(devices)s::text[], %(series)s::text[], %(widths)s::int[], %(todays)s::timestamptz[])
  AS a(device_id, series_id, width_s, today)
LEFT JOIN telemetry.devices d USING (device_id)
LEFT JOIN LATERAL (
  SELECT count(*) AS readings, count(*) FILTER (WHERE r.quality = 'suspect') AS suspect,
         count(*) FILTER (WHERE r.quality = 'bad') AS bad
  FROM telemetry.own_reading_rows r
  WHERE r.device_no = d.device_no AND r.period_start >= %(start)s AND r.period_start < %(end)s) n ON true
LEFT JOIN LATERAL (
  SELECT period_start + make_interval(secs => period_s) AS period_end, stored_at FROM telemetry.own_reading_rows r
  WHERE r.device_no = d.device_no AND r.period_start >= %(reach)s ORDER BY r.period_start DESC LIMIT 1) l ON true
LEFT JOIN LATERAL (
  SELECT jsonb_object_agg(reason, n) AS refused FROM (
    SELECT reason, count(*) AS n FROM telemetry.own_refused x
    WHERE x.device_id = a.device_id AND x.period_start >= %(start)s AND x.period_start < %(end)s
    GROUP BY 1) c) f ON true
LEFT JOIN LATERAL (
  SELECT jsonb_object_agg(rule, n) AS hits FROM (
    SELECT rule, count(*) AS n FROM telemetry.own_quality_hits x
    WHERE x.device_no = d.device_no AND x.period_start >= %(start)s AND x.period_start < %(end)s
    GROUP BY 1) c) h ON true
LEFT JOIN LATERAL (
  SELECT (sum(w.mean_milli::numeric * w.width_s * w.covered_s / w.expected_s) / 3.6e6)::float8 AS energy_wh
  FROM telemetry.own_windows w
  WHERE w.series_id = a.series_id AND w.width_s = a.width_s AND w.window_start >= a.today
    AND w.window_start < %(end)s) e ON true
"""


class PostgresQuality:
    """``QualitySource`` on PostgreSQL."""

    def __init__(self, dsn: str, timeout_s: float, tenant: str = FIRST) -> None:
        self._database = OwnDatabase(dsn, timeout_s, tenant)

    async def quality(
        self,
        assets: Sequence[Asset],
        series: Sequence[Series],
        zones: Mapping[str, str],
        start: datetime,
        end: datetime,
    ) -> Sequence[AssetQuality]:
        """One entry per asset, in the order given.

        Args:
            assets: Whose readings.
            series: Among them the power series of single assets, whose energy is counted.
            zones: IANA zone by site: where its day begins.
            start: First period.
            end: Periods and windows begin before this; its day is today.
        """
        own = {one.asset_id: one for one in series if one.asset_id is not None and one.unit == "W"}
        todays = [_midnight(end, zones.get(one.site_id, "UTC")) for one in assets]
        asked = {
            "devices": [one.device_id for one in assets],
            "series": [own[one.asset_id].series_id if one.asset_id in own else None for one in assets],
            "widths": [own[one.asset_id].resolution_s if one.asset_id in own else None for one in assets],
            "todays": todays,
            "start": start,
            "end": end,
            "reach": end - NEWEST_WITHIN,
        }
        rows = {row["device_id"]: row for row in await self._database.rows(_QUERY, asked, "telemetry")}
        return [
            _entry(one, own.get(one.asset_id), rows[one.device_id], (start, end, today))
            for one, today in zip(assets, todays, strict=True)
        ]


def _midnight(moment: datetime, zone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def _entry(
    asset: Asset, series: Series | None, row: dict[str, Any], span: tuple[datetime, datetime, datetime]
) -> AssetQuality:
    start, end, today = span
    return AssetQuality(
        asset_id=asset.asset_id,
        device_id=asset.device_id,
        site_id=asset.site_id,
        window_start=start,
        window_end=end,
        readings=row["readings"],
        suspect=row["suspect"],
        bad=row["bad"],
        refused=row["refused"] or {},
        hits=row["hits"] or {},
        newest_reading_end=row["period_end"],
        newest_stored_at=row["stored_at"],
        series_id=series.series_id if series else None,
        today_start=today if series else None,
        energy_today_wh=row["energy_wh"],
    )
