"""Writes ``raw_demand``, ``raw_weather`` and ``features`` of the schema ``energy_mlops``: upserts by name of column."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from gridseal.wire.features import FeatureVector
from streaming_processor.features.entities import Lane
from streaming_processor.features.groups import S3_FEATURES
from streaming_processor.features.store.session import Session
from streaming_processor.features.tracks import Track

_HOUR_S: Final = 3_600
_WEATHER: Final = {
    "air_temperature": ("temperature_2m", 1_000),
    "relative_humidity": ("relative_humidity_2m", 1_000),
    "cloud_cover": ("cloud_cover", 1_000),
    "wind_speed": ("wind_speed_10m", 1_000),
    "air_pressure": ("surface_pressure", 100_000),
    "irradiance": ("shortwave_radiation", 1_000),
    "precipitation": ("precipitation", 1_000),
}
"""Quantity → column, and thousandths of our unit per unit of the column (pressure is in hPa there)."""
_NAMES: Final = tuple(f.name for f in S3_FEATURES)
_FEATURES: Final = f"""
INSERT INTO energy_mlops.features ("timestamp", respondent, {", ".join(_NAMES)})
VALUES (%s, %s, {", ".join(["%s"] * len(_NAMES))})
ON CONFLICT ("timestamp", respondent) DO UPDATE SET {", ".join(f"{n} = excluded.{n}" for n in _NAMES)}"""
_DEMAND: Final = """
INSERT INTO energy_mlops.raw_demand AS d (period, respondent, value)
SELECT to_timestamp(k.period), k.respondent, k.value FROM unnest(%s::bigint[], %s::text[], %s::float8[]) k
     (period, respondent, value)
ON CONFLICT (period, respondent) DO UPDATE SET value = excluded.value, ingested_at = clock_timestamp()
WHERE d.value IS DISTINCT FROM excluded.value"""
_TARGETS: Final = """
UPDATE energy_mlops.features f SET demand_mwh = d.value
FROM energy_mlops.raw_demand d, unnest(%s::bigint[], %s::text[]) k (period, respondent)
WHERE d.period = to_timestamp(k.period) AND d.respondent = k.respondent AND f."timestamp" = d.period
      AND f.respondent = d.respondent AND f.demand_mwh IS DISTINCT FROM d.value"""


class EnergyTables:
    """What the demand design calls its database; rows of several regions beside each other."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(
        self,
        vectors: Sequence[FeatureVector],
        demand: Iterable[tuple[Lane, int]],
        weather: Iterable[tuple[Lane, int, str]],
        tracks: Mapping[Lane, Track],
    ) -> None:
        """Upsert; the same again changes nothing.

        Args:
            vectors: Vectors of the demand group; those of the next hour become ``features``.
            demand: Lane and start of the hours that changed.
            weather: Lane, start and quantity of the weather windows that changed.
            tracks: Holds all of these.
        """
        hours = [(start, lane.series_id, value) for lane, start in demand if (value := _milli(tracks, lane, start))]
        next_hour = [v for v in vectors if v.horizon_s == _HOUR_S]
        rows = [(v.target_start, v.series_id, *(v.values[n] for n in _NAMES)) for v in next_hour]
        with self._session.transaction() as connection:
            if rows:
                connection.cursor().executemany(_FEATURES.encode(), rows)
            if hours:
                periods, respondents = [h[0] for h in hours], [h[1] for h in hours]
                connection.execute(_DEMAND, (periods, respondents, [h[2][0] / 1e9 for h in hours]))
            touched = [(start, series) for start, series, _ in hours]
            touched += [(int(v.target_start.timestamp()), v.series_id) for v in next_hour]
            if touched:
                connection.execute(_TARGETS, ([t[0] for t in touched], [t[1] for t in touched]))
            for lane, start, quantity in weather:
                found = _milli(tracks, lane, start)
                if found is not None and quantity in _WEATHER:
                    column, per_unit = _WEATHER[quantity]
                    amount = found[0] * (found[1] if quantity == "precipitation" else 1) / per_unit
                    location = lane.series_id.partition("/")[0]
                    connection.execute(_upsert(column), (datetime.fromtimestamp(start, UTC), location, amount))


def _milli(tracks: Mapping[Lane, Track], lane: Lane, start_s: int) -> tuple[int, int] | None:
    """Value and number of readings of one window; None where it is not there, or less than half of it."""
    track = tracks.get(lane)
    if track is None or not len(track):
        return None
    at = int(track.start_s.searchsorted(start_s))
    if at == len(track) or track.start_s[at] != start_s:
        return None
    return int(track.milli[at]), int(track.count[at])


def _upsert(column: str) -> bytes:
    return (
        f'INSERT INTO energy_mlops.raw_weather AS w ("timestamp", location, {column}) VALUES (%s, %s, %s)'
        f' ON CONFLICT ("timestamp", location) DO UPDATE SET {column} = excluded.{column},'
        f" ingested_at = clock_timestamp() WHERE w.{column} IS DISTINCT FROM excluded.{column}"
    ).encode()
