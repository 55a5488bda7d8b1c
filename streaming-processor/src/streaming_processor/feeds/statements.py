"""The SQL of the feeds' transaction. Every statement says the same when it is said twice."""

from typing import Final

KEEP_DEMAND: Final = """
INSERT INTO feed_demand (series_id, kind, provider, period_start, period_s, revision, value, unit, value_milli,
                         known_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::int[], %s::float8[],
                     %s::text[], %s::bigint[], %s::timestamptz[]) ON CONFLICT DO NOTHING"""
KEEP_WEATHER: Final = """
INSERT INTO feed_weather (location_id, kind, provider, model, issued_at, period_start, period_s, variable, revision,
                          value, unit, known_at)
SELECT k.location_id, k.kind, k.provider, k.model, coalesce(k.issued_at, '-infinity'), k.period_start, k.period_s,
       k.variable, k.revision, k.value, k.unit, k.known_at
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::int[],
            %s::text[], %s::int[], %s::float8[], %s::text[], %s::timestamptz[])
     k (location_id, kind, provider, model, issued_at, period_start, period_s, variable, revision, value, unit,
        known_at)
ON CONFLICT DO NOTHING"""
KEEP_PRICES: Final = """
INSERT INTO feed_prices (series_id, market, auction, provider, period_start, period_s, revision, value, currency, per,
                         value_milli, known_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::int[],
                     %s::float8[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[]) ON CONFLICT DO NOTHING"""

# S3's tables hold hours, in MWh. The newest revision stands there, whatever order revisions come in.
# One look into the index for each hour, whatever the planner believes of a table that has just been filled.
RAW_DEMAND: Final = """
INSERT INTO energy_mlops.raw_demand AS d (period, respondent, value)
SELECT k.period_start, k.series_id, f.value_milli / 1e9
FROM (SELECT DISTINCT * FROM unnest(%s::text[], %s::timestamptz[])) k (series_id, period_start)
CROSS JOIN LATERAL (
  SELECT value_milli FROM feed_demand
  WHERE series_id = k.series_id AND period_start = k.period_start AND kind = 'actual' AND period_s = 3600
  ORDER BY known_at DESC, revision DESC LIMIT 1) f
ON CONFLICT (period, respondent) DO UPDATE SET value = excluded.value, ingested_at = clock_timestamp()
WHERE d.value IS DISTINCT FROM excluded.value"""
RAW_WEATHER_COLUMNS: Final = (
    "temperature_2m",
    "relative_humidity_2m",
    "dewpoint_2m",
    "apparent_temperature",
    "precipitation",
    "snowfall",
    "cloud_cover",
    "wind_speed_10m",
    "wind_gusts_10m",
    "surface_pressure",
    "shortwave_radiation",
)
_NEWEST_OF_EACH: Final = ", ".join(
    f"(array_agg(value ORDER BY revision DESC) FILTER (WHERE variable = '{name}'))[1] AS {name}"
    for name in RAW_WEATHER_COLUMNS
)
RAW_WEATHER: Final = f"""
INSERT INTO energy_mlops.raw_weather AS w ("timestamp", location, {", ".join(RAW_WEATHER_COLUMNS)})
SELECT f.period_start, f.location_id, {_NEWEST_OF_EACH}
FROM feed_weather f JOIN (SELECT DISTINCT * FROM unnest(%s::text[], %s::timestamptz[])) k (location_id, period_start)
     USING (location_id, period_start)
WHERE f.kind = 'analysis' AND f.period_s = 3600
GROUP BY 1, 2
ON CONFLICT ("timestamp", location) DO UPDATE SET
    {", ".join(f"{n} = coalesce(excluded.{n}, w.{n})" for n in RAW_WEATHER_COLUMNS)}, ingested_at = clock_timestamp()
WHERE ({", ".join(f"w.{n}" for n in RAW_WEATHER_COLUMNS)})
      IS DISTINCT FROM ({", ".join(f"coalesce(excluded.{n}, w.{n})" for n in RAW_WEATHER_COLUMNS)})"""

# A correction replaces the reading that a device "sent"; what was believed before stands in feed_demand.
PUT_READINGS: Final = """
INSERT INTO reading_rows AS r (device_no, quantity_no, period_start, period_s, value_milli, quality_no, sent_at_ms,
                               stored_at)
SELECT d.device_no, k.quantity_no, to_timestamp(k.start_s), k.period_s, k.milli, k.quality_no, k.known_at_ms,
       clock_timestamp()
FROM unnest(%s::text[], %s::smallint[], %s::bigint[], %s::int[], %s::bigint[], %s::smallint[], %s::bigint[])
     k (device_id, quantity_no, start_s, period_s, milli, quality_no, known_at_ms)
JOIN devices d USING (device_id)
ON CONFLICT (device_no, quantity_no, period_start) DO UPDATE SET
    period_s = excluded.period_s, value_milli = excluded.value_milli, sent_at_ms = excluded.sent_at_ms,
    stored_at = excluded.stored_at
WHERE excluded.sent_at_ms >= r.sent_at_ms
  AND (r.value_milli, r.period_s) IS DISTINCT FROM (excluded.value_milli, excluded.period_s)"""
NUMBER_DEVICES: Final = """
INSERT INTO devices (device_id) SELECT unnest(%s::text[]) EXCEPT SELECT device_id FROM devices ON CONFLICT DO NOTHING"""
# Only series that were never met: what a changed definition asks for is the driver's to do.
NUMBER_SERIES: Final = """
INSERT INTO series (series_id, definition, unit) SELECT * FROM unnest(%s::text[], %s::text[], %s::text[])
ON CONFLICT (series_id) DO NOTHING"""
READ_SPANS: Final = """
SELECT d.device_id, r.quantity_no, extract(epoch FROM r.period_start)::bigint, r.period_s, r.value_milli, r.quality_no,
       r.sent_at_ms
FROM unnest(%s::text[], %s::smallint[], %s::bigint[], %s::bigint[]) k (device_id, quantity_no, begin_s, end_s)
JOIN devices d USING (device_id)
JOIN reading_rows r ON r.device_no = d.device_no AND r.quantity_no = k.quantity_no
     AND r.period_start >= to_timestamp(k.begin_s) AND r.period_start < to_timestamp(k.end_s)"""
# Windows as they are now, not what is added to them: a correction takes back what was there.
SET_WINDOWS: Final = """
INSERT INTO window_rows AS w (series_no, width_s, window_start, weighted_sum, covered_s, inputs, count, min_milli,
                              max_milli, mean_milli, version, updated_at)
SELECT s.series_no, k.width_s, to_timestamp(k.start_s), k.weighted_sum, k.covered_s, k.inputs, k.count, k.min_milli,
       k.max_milli, mean_half_even(k.weighted_sum, k.inputs, k.covered_s), 1, clock_timestamp()
FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::int[], %s::bigint[],
            %s::bigint[])
     k (series_id, width_s, start_s, weighted_sum, covered_s, inputs, count, min_milli, max_milli)
JOIN series s USING (series_id)
ON CONFLICT (series_no, width_s, window_start) DO UPDATE SET
    weighted_sum = excluded.weighted_sum, covered_s = excluded.covered_s, inputs = excluded.inputs,
    count = excluded.count, min_milli = excluded.min_milli, max_milli = excluded.max_milli,
    mean_milli = excluded.mean_milli, version = w.version + 1, updated_at = excluded.updated_at
WHERE (w.weighted_sum, w.covered_s, w.inputs, w.count, w.min_milli, w.max_milli) IS DISTINCT FROM
      (excluded.weighted_sum, excluded.covered_s, excluded.inputs, excluded.count, excluded.min_milli,
       excluded.max_milli)
RETURNING series_no, width_s, extract(epoch FROM window_start)::bigint, weighted_sum, covered_s, inputs, count,
          min_milli, max_milli, mean_milli, version"""
