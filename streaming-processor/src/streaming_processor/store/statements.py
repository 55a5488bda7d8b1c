"""The SQL of the batch transaction."""

from typing import Final

READING_LAYOUT: Final = (
    ("n", "int4"),
    ("device_no", "int4"),
    ("quantity_no", "int2"),
    ("period_start", "time"),
    ("period_s", "int4"),
    ("value_milli", "int8"),
    ("quality_no", "int2"),
    ("sent_at_ms", "int8"),
)
WINDOW_LAYOUT: Final = (
    ("series_no", "int4"),
    ("width_s", "int4"),
    ("window_start", "time"),
    ("weighted_sum", "int8"),
    ("covered_s", "int4"),
    ("inputs", "int4"),
    ("count", "int4"),
    ("min_milli", "int8"),
    ("max_milli", "int8"),
)
STORED_LAYOUT: Final = tuple(c for c in READING_LAYOUT if c[0] != "n")

STAGING: Final = (
    "SET TIME ZONE 'UTC'",
    "SET search_path TO telemetry, public",
    "CREATE TEMP TABLE staged_readings (n int, device_no int, quantity_no smallint, period_start timestamptz,"
    " period_s int, value_milli bigint, quality_no smallint, sent_at_ms bigint) ON COMMIT DELETE ROWS",
    "CREATE TEMP TABLE staged_windows (series_no int, width_s int, window_start timestamptz, weighted_sum bigint,"
    " covered_s int, inputs int, count int, min_milli bigint, max_milli bigint) ON COMMIT DELETE ROWS",
    "CREATE TEMP TABLE staged_refused (device_id text, quantity text, period_start timestamptz, reason text,"
    " detail text, payload text, digest bytea) ON COMMIT DELETE ROWS",
)
COPY_READINGS: Final = "COPY staged_readings FROM STDIN (FORMAT binary)"
COPY_WINDOWS: Final = "COPY staged_windows FROM STDIN (FORMAT binary)"
COPY_REFUSED: Final = "COPY staged_refused FROM STDIN"

MERGE_READINGS: Final = """
WITH fresh AS (
    INSERT INTO reading_rows
    SELECT device_no, quantity_no, period_start, period_s, value_milli, quality_no, sent_at_ms, clock_timestamp()
    FROM staged_readings ON CONFLICT DO NOTHING
    RETURNING device_no, quantity_no, period_start)
SELECT array_agg(n) FROM fresh JOIN staged_readings USING (device_no, quantity_no, period_start)"""

MERGE_WINDOWS: Final = """
INSERT INTO window_rows AS w
SELECT series_no, width_s, window_start, weighted_sum, covered_s, inputs, count, min_milli, max_milli,
       mean_half_even(weighted_sum, inputs, covered_s), 1, clock_timestamp()
FROM staged_windows
ON CONFLICT (series_no, width_s, window_start) DO UPDATE SET
    weighted_sum = w.weighted_sum + excluded.weighted_sum,
    covered_s = w.covered_s + excluded.covered_s,
    inputs = excluded.inputs,
    count = w.count + excluded.count,
    min_milli = least(w.min_milli, excluded.min_milli),
    max_milli = greatest(w.max_milli, excluded.max_milli),
    mean_milli = mean_half_even(w.weighted_sum + excluded.weighted_sum, excluded.inputs,
                                w.covered_s + excluded.covered_s),
    version = w.version + 1,
    updated_at = excluded.updated_at"""

MERGE_REFUSED: Final = """
INSERT INTO refused (device_id, quantity, period_start, reason, detail, payload, digest)
SELECT * FROM staged_refused ON CONFLICT DO NOTHING RETURNING digest"""

READ_WINDOWS: Final = """
SELECT k.n, extract(epoch FROM w.window_start)::bigint, w.weighted_sum, w.covered_s, w.inputs, w.count,
       w.min_milli, w.max_milli, w.mean_milli, w.version
FROM unnest(%s::int[], %s::int[], %s::int[], %s::bigint[]) k (n, series_no, width_s, start_s)
JOIN window_rows w ON w.series_no = k.series_no AND w.width_s = k.width_s
     AND w.window_start = to_timestamp(k.start_s)"""

SEEN: Final = "SELECT 1 FROM ledger WHERE query_id = %s AND batch_id = %s"
ENTER: Final = """
INSERT INTO ledger (query_id, batch_id, offsets, messages, rows, inserted, duplicates, refused, undecodable)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""

RAISE_EPOCH: Final = "UPDATE driver SET epoch = epoch + 1 RETURNING epoch"
READ_EPOCH: Final = "SELECT epoch FROM driver FOR UPDATE"

# A series whose definition changed is emptied, filled again from the readings, and what stays empty goes.
# Rows are kept meanwhile so that their version goes on counting.
EMPTY_SERIES: Final = """
UPDATE window_rows SET weighted_sum = 0, covered_s = 0, count = 0,
    min_milli = 9223372036854775807, max_milli = -9223372036854775808
WHERE series_no = ANY(%s)"""
DROP_EMPTY: Final = "DELETE FROM window_rows WHERE series_no = ANY(%s) AND count = 0"
COPY_STORED: Final = """
COPY (SELECT device_no, quantity_no, period_start, period_s, value_milli, quality_no, sent_at_ms
      FROM reading_rows WHERE (device_no, quantity_no) IN ({pairs})) TO STDOUT (FORMAT binary)"""
