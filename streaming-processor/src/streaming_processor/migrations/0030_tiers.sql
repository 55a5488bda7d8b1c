-- What differs between the tiers: 'timescale' (columnstore, continuous aggregates), 'apache' (hypertables only: the
-- extension under its Apache licence), 'plain' (PostgreSQL without it). Every tier answers the same queries.
CREATE FUNCTION tier() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'telemetry.reading_rows'::regclass) = 'p' THEN
        RETURN 'plain';
    END IF;
    RETURN CASE current_setting('timescaledb.license', true) WHEN 'timescale' THEN 'timescale' ELSE 'apache' END;
END
$$;

DO $migrate$
DECLARE
    days constant text := $q$
        SELECT series_no, %s AS day, sum(weighted_sum) AS weighted_sum, sum(covered_s) AS covered_s,
               sum(count) AS count, min(min_milli) AS min_milli, max(max_milli) AS max_milli
        FROM telemetry.window_rows WHERE width_s = 3600 GROUP BY 1, 2 $q$;
BEGIN
    IF tier() = 'timescale' THEN
        ALTER TABLE reading_rows SET (timescaledb.compress, timescaledb.compress_segmentby = 'device_no, quantity_no',
                                      timescaledb.compress_orderby = 'period_start DESC');
        ALTER TABLE window_rows SET (timescaledb.compress, timescaledb.compress_segmentby = 'series_no, width_s',
                                     timescaledb.compress_orderby = 'window_start DESC');
        -- Not filled here: real-time aggregation reads the windows until the policy has.
        EXECUTE 'CREATE MATERIALIZED VIEW day_rows WITH (timescaledb.continuous, timescaledb.materialized_only = false)'
             || ' AS ' || format(days, 'time_bucket(interval ''1 day'', window_start)') || ' WITH NO DATA';
    ELSE
        EXECUTE 'CREATE VIEW day_rows AS '
             || format(days, 'date_bin(interval ''1 day'', window_start, timestamptz ''2000-01-01 00:00Z'')');
    END IF;
END
$migrate$;

CREATE VIEW series_days AS
    SELECT s.series_id, d.day, d.weighted_sum, d.covered_s, d.count, d.min_milli, d.max_milli,
           d.weighted_sum / 3600 AS energy_milli_wh
    FROM day_rows d JOIN series s USING (series_no);
COMMENT ON VIEW series_days IS 'UTC days of the hourly windows; energy in thousandths of a watt-hour for power series';

-- Columnstore for what is older; on the clock of the caller, so that it is right in time-lapse too.
CREATE FUNCTION compress_before(moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    compressed integer := 0;
BEGIN
    IF telemetry.tier() = 'timescale' THEN
        SELECT count(compress_chunk(c, if_not_compressed => true)) INTO compressed
        FROM unnest(ARRAY['telemetry.reading_rows', 'telemetry.window_rows']::regclass[]) t,
             LATERAL show_chunks(t, older_than => moment) c
             JOIN timescaledb_information.chunks i
               ON format('%I.%I', i.chunk_schema, i.chunk_name)::regclass = c
        WHERE NOT i.is_compressed;
    END IF;
    RETURN compressed;
END
$$;

-- Background jobs of TimescaleDB, for a clock that is wall time. Called again with other intervals it replaces them.
CREATE FUNCTION set_policies(compress_after interval, keep interval) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    t regclass;
BEGIN
    IF telemetry.tier() <> 'timescale' THEN
        RETURN telemetry.tier();
    END IF;
    FOREACH t IN ARRAY ARRAY['telemetry.reading_rows', 'telemetry.window_rows']::regclass[] LOOP
        PERFORM remove_compression_policy(t, if_exists => true);
        PERFORM remove_retention_policy(t, if_exists => true);
        PERFORM add_compression_policy(t, compress_after);
        PERFORM add_retention_policy(t, keep);
    END LOOP;
    PERFORM remove_continuous_aggregate_policy('telemetry.day_rows', if_exists => true);
    PERFORM add_continuous_aggregate_policy('telemetry.day_rows', start_offset => compress_after,
        end_offset => interval '2 days', schedule_interval => interval '6 hours');
    RETURN 'timescale';
END
$$;
