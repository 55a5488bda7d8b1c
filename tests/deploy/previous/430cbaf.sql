SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA energy_mlops;
CREATE SCHEMA forecast;
CREATE SCHEMA gateway;
CREATE SCHEMA settlement;
CREATE SCHEMA telemetry;
CREATE FUNCTION forecast.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION 'forecast.% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION telemetry.compress_before(moment timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION telemetry.drop_chunks_before(part regclass, moment timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
DECLARE
    dropped integer := 0;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
       AND (SELECT relkind FROM pg_class WHERE oid = 'telemetry.reading_rows'::regclass) <> 'p' THEN
        EXECUTE 'SELECT count(*) FROM drop_chunks($1, older_than => $2)' INTO dropped USING part, moment;
    END IF;
    RETURN dropped;
END
$_$;
CREATE FUNCTION telemetry.drop_quality_before(horizon timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    part text;
    dropped integer := 0;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'telemetry.quality_hits'::regclass
          AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= horizon AT TIME ZONE 'UTC'
    LOOP
        EXECUTE format('DROP TABLE telemetry.%I', part);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM telemetry.conflicts WHERE period_start < horizon;
    DELETE FROM telemetry.findings WHERE day < (horizon AT TIME ZONE 'UTC')::date;
    DELETE FROM telemetry.silences WHERE back_at < horizon AND told;
    RETURN dropped;
END
$$;
CREATE FUNCTION telemetry.ensure_hits_month(month date) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    part constant text := 'quality_hits_' || to_char(month, 'YYYYMM');
BEGIN
    IF to_regclass('telemetry.' || part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('telemetry.ensure_hits_month'));
    IF to_regclass('telemetry.' || part) IS NULL THEN
        -- Attaching takes a lock that lets readers go on; creating in place would not.
        EXECUTE format('CREATE TABLE telemetry.%I (LIKE telemetry.quality_hits INCLUDING ALL)', part);
        EXECUTE format('ALTER TABLE telemetry.quality_hits ATTACH PARTITION telemetry.%I FOR VALUES FROM (%L) TO (%L)',
                       part, month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
    END IF;
END
$$;
CREATE FUNCTION telemetry.ensure_month(month date) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    part constant text := 'reading_rows_' || to_char(month, 'YYYYMM');
BEGIN
    IF to_regclass('telemetry.' || part) IS NOT NULL
       OR (SELECT relkind FROM pg_class WHERE oid = 'telemetry.reading_rows'::regclass) <> 'p' THEN
        RETURN;
    END IF;
    -- Attaching takes a lock that lets readers go on; creating in place would not.
    EXECUTE format('CREATE TABLE telemetry.%I (LIKE telemetry.reading_rows INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE telemetry.reading_rows ATTACH PARTITION telemetry.%I FOR VALUES FROM (%L) TO (%L)',
                   part, month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
END
$$;
CREATE FUNCTION telemetry.mean_half_even(weighted_sum bigint, inputs integer, covered_s integer) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
DECLARE
    total bigint;
    quotient bigint;
    rest bigint;
    wide numeric;
    whole numeric;
BEGIN
    IF covered_s = 0 THEN
        RETURN 0;
    END IF;
    IF weighted_sum BETWEEN -4611686018427387904 / inputs AND 4611686018427387904 / inputs THEN
        total := weighted_sum * inputs;
        quotient := total / covered_s;
        rest := abs(total - quotient * covered_s) * 2;
        IF rest > covered_s OR (rest = covered_s AND quotient % 2 <> 0) THEN
            quotient := quotient + sign(total)::bigint;
        END IF;
        RETURN quotient;
    END IF;
    wide := weighted_sum::numeric * inputs;
    whole := div(wide, covered_s);
    wide := abs(wide - whole * covered_s) * 2;
    IF wide > covered_s OR (wide = covered_s AND whole % 2 <> 0) THEN
        whole := whole + sign(weighted_sum);
    END IF;
    RETURN whole::bigint;
END
$$;
CREATE FUNCTION telemetry.months_before(moment timestamp with time zone) RETURNS TABLE(part text, first_day date)
    LANGUAGE sql STABLE
    AS $_$
    SELECT c.relname::text, to_date(right(c.relname, 6), 'YYYYMM')
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'telemetry.reading_rows'::regclass AND c.relname ~ '^reading_rows_\d{6}$'
      AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC' <= moment
    ORDER BY 2
$_$;
CREATE FUNCTION telemetry.set_policies(compress_after interval, keep interval) RETURNS text
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION telemetry.tier() RETURNS text
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'telemetry.reading_rows'::regclass) = 'p' THEN
        RETURN 'plain';
    END IF;
    RETURN CASE current_setting('timescaledb.license', true) WHEN 'timescale' THEN 'timescale' ELSE 'apache' END;
END
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE energy_mlops.drift_log (
    id bigint NOT NULL,
    check_timestamp timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    dataset_drift_detected boolean NOT NULL,
    drift_share double precision NOT NULL,
    n_drifted_features integer NOT NULL,
    n_total_features integer NOT NULL,
    drift_details jsonb,
    triggered_retrain boolean DEFAULT false NOT NULL
);
ALTER TABLE energy_mlops.drift_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME energy_mlops.drift_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE energy_mlops.features (
    id bigint NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    respondent text NOT NULL,
    demand_mwh double precision,
    temperature double precision,
    apparent_temperature double precision,
    humidity double precision,
    wind_speed double precision,
    cloud_cover double precision,
    solar_radiation double precision,
    precipitation double precision,
    hour_of_day integer,
    day_of_week integer,
    month integer,
    is_weekend integer,
    is_holiday integer,
    demand_lag_1h double precision,
    demand_lag_24h double precision,
    demand_lag_168h double precision,
    demand_rolling_mean_24h double precision,
    demand_rolling_std_24h double precision,
    temp_squared double precision,
    cooling_degree_hours double precision,
    heating_degree_hours double precision,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON COLUMN energy_mlops.features.demand_mwh IS 'the target: null until the hour has ended';
ALTER TABLE energy_mlops.features ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME energy_mlops.features_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE energy_mlops.prediction_log (
    id bigint NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    predicted_demand double precision NOT NULL,
    actual_demand double precision,
    model_version text NOT NULL,
    prediction_made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    features_json jsonb
);
ALTER TABLE energy_mlops.prediction_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME energy_mlops.prediction_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE energy_mlops.raw_demand (
    id bigint NOT NULL,
    period timestamp with time zone NOT NULL,
    respondent text NOT NULL,
    value double precision,
    ingested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE energy_mlops.raw_demand ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME energy_mlops.raw_demand_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE energy_mlops.raw_weather (
    id bigint NOT NULL,
    "timestamp" timestamp with time zone NOT NULL,
    location text NOT NULL,
    temperature_2m double precision,
    relative_humidity_2m double precision,
    dewpoint_2m double precision,
    apparent_temperature double precision,
    precipitation double precision,
    snowfall double precision,
    cloud_cover double precision,
    wind_speed_10m double precision,
    wind_gusts_10m double precision,
    surface_pressure double precision,
    shortwave_radiation double precision,
    ingested_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
ALTER TABLE energy_mlops.raw_weather ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME energy_mlops.raw_weather_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE forecast.baseline_values (
    run_id text NOT NULL,
    series_id text NOT NULL,
    target_start timestamp with time zone NOT NULL,
    values_milli bigint[] NOT NULL
);
CREATE TABLE forecast.calibration (
    product_id text NOT NULL,
    kind text NOT NULL,
    rung smallint NOT NULL,
    bucket smallint NOT NULL,
    levels_bps integer[] NOT NULL,
    offsets double precision[] NOT NULL,
    days double precision NOT NULL,
    until timestamp with time zone NOT NULL,
    model text NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE forecast.calibration_progress (
    product_id text NOT NULL,
    until timestamp with time zone NOT NULL
);
CREATE TABLE forecast.drift_references (
    reference_no bigint NOT NULL,
    dataset text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    made_for text NOT NULL,
    data_from timestamp with time zone NOT NULL,
    data_until timestamp with time zone NOT NULL,
    rows bigint NOT NULL,
    parquet bytea NOT NULL
);
ALTER TABLE forecast.drift_references ALTER COLUMN reference_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME forecast.drift_references_reference_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE forecast.flows (
    flow text NOT NULL,
    cron text,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    data_step_s integer,
    enabled boolean DEFAULT true NOT NULL,
    retries integer DEFAULT 3 NOT NULL,
    retry_s integer DEFAULT 60 NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT flows_data_step_s_check CHECK ((data_step_s > 0)),
    CONSTRAINT flows_retries_check CHECK ((retries >= 0)),
    CONSTRAINT flows_retry_s_check CHECK ((retry_s >= 0))
);
COMMENT ON COLUMN forecast.flows.data_step_s IS 'runs when its data has moved on by so much domain time';
CREATE TABLE forecast.job_runs (
    job_id text NOT NULL,
    kind text NOT NULL,
    product_id text DEFAULT ''::text NOT NULL,
    slot timestamp with time zone,
    state text NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    missed integer DEFAULT 0 NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    domain_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    flow text NOT NULL,
    cause text DEFAULT 'schedule'::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    request_key text,
    next_try_at timestamp with time zone,
    data_until timestamp with time zone,
    CONSTRAINT job_runs_kind_check CHECK ((kind = ANY (ARRAY['forecast'::text, 'train'::text, 'flow'::text])))
);
CREATE TABLE forecast.migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE forecast.model_events (
    event_id bigint NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    model_name text NOT NULL,
    version text NOT NULL,
    model_hash text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    by text NOT NULL,
    figures jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT model_events_kind_check CHECK ((kind = ANY (ARRAY['published'::text, 'refused'::text, 'staged'::text, 'approved'::text, 'promoted'::text, 'rolled_back'::text])))
);
ALTER TABLE forecast.model_events ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME forecast.model_events_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE forecast.outbox (
    run_id text NOT NULL,
    slot timestamp with time zone NOT NULL,
    traceparent text NOT NULL,
    published_at timestamp with time zone
);
CREATE TABLE forecast.performance (
    looked_at timestamp with time zone NOT NULL,
    product_id text NOT NULL,
    kind text NOT NULL,
    model text NOT NULL,
    data_from timestamp with time zone NOT NULL,
    data_until timestamp with time zone NOT NULL,
    forecasts bigint NOT NULL,
    mae double precision NOT NULL,
    rmse double precision NOT NULL,
    mape_percent double precision,
    pinball_ratio double precision NOT NULL,
    baseline_ratio double precision NOT NULL,
    coverage_80 double precision,
    coverage_90 double precision
);
COMMENT ON COLUMN forecast.performance.mae IS 'of the median, in the base unit of the kind (W; MWh for the demand model)';
CREATE TABLE forecast.requests (
    request_id uuid NOT NULL,
    idempotency_key text,
    state text DEFAULT 'queued'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    body jsonb NOT NULL,
    answer jsonb,
    detail text DEFAULT ''::text NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT requests_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'failed'::text])))
);
CREATE TABLE forecast.run_calibrations (
    product_id text NOT NULL,
    slot timestamp with time zone NOT NULL,
    levels_bps integer[] NOT NULL,
    offsets jsonb NOT NULL,
    pinned_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE forecast.run_inputs (
    run_id text NOT NULL,
    lineage uuid NOT NULL,
    seq integer NOT NULL,
    payload bytea NOT NULL
);
ALTER TABLE ONLY forecast.run_inputs ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE TABLE forecast.runs (
    run_id text NOT NULL,
    product_id text NOT NULL,
    slot timestamp with time zone NOT NULL,
    version integer NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    delivery_start timestamp with time zone NOT NULL,
    gate_closure timestamp with time zone NOT NULL,
    levels_bps integer[] NOT NULL,
    model_name text NOT NULL,
    model_version text NOT NULL,
    model_hash text NOT NULL,
    feature_hash text NOT NULL,
    document jsonb NOT NULL
);
CREATE TABLE forecast.scores (
    run_id text NOT NULL,
    series_id text NOT NULL,
    target_start timestamp with time zone NOT NULL,
    kind text NOT NULL,
    model text NOT NULL,
    actual_milli bigint NOT NULL,
    window_version integer NOT NULL,
    range_milli bigint NOT NULL,
    level_ratios double precision[] NOT NULL,
    pinball_ratio double precision NOT NULL,
    covered_90 boolean,
    baseline_ratio double precision NOT NULL,
    baseline_covered_90 boolean,
    scored_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE forecast.seals (
    run_id text NOT NULL,
    state text NOT NULL,
    tx_hash text,
    block_number bigint,
    block_time timestamp with time zone,
    document jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE forecast.series_ranges (
    series_id text NOT NULL,
    p01_milli bigint NOT NULL,
    p99_milli bigint NOT NULL,
    windows bigint NOT NULL,
    computed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE forecast."values" (
    run_id text NOT NULL,
    series_id text NOT NULL,
    target_start timestamp with time zone NOT NULL,
    resolution_s integer NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    values_milli bigint[] NOT NULL,
    model text NOT NULL,
    rung smallint NOT NULL,
    data_age_s integer NOT NULL,
    weather text,
    drift_milli integer
);
CREATE TABLE gateway.device_keys (
    device_id text NOT NULL,
    key_id text NOT NULL,
    public_key bytea NOT NULL,
    valid_from timestamp with time zone DEFAULT now() NOT NULL,
    valid_to timestamp with time zone,
    CONSTRAINT device_keys_public_key_check CHECK ((length(public_key) = 32))
);
CREATE TABLE gateway.devices (
    device_id text NOT NULL,
    enrolled_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    reason text DEFAULT ''::text NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE gateway.migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE gateway.receipt_keys (
    key_id text NOT NULL,
    public_key bytea NOT NULL,
    first_used_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT receipt_keys_public_key_check CHECK ((length(public_key) = 32))
);
CREATE TABLE gateway.receipts (
    device_id text NOT NULL,
    boot_id text NOT NULL,
    durable int8multirange NOT NULL,
    refused jsonb DEFAULT '{}'::jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='70');
CREATE TABLE settlement.batches (
    run_id text NOT NULL,
    sequence bigint NOT NULL,
    product_id text NOT NULL,
    slot timestamp with time zone NOT NULL,
    version integer NOT NULL,
    gate_closure timestamp with time zone NOT NULL,
    document bytea NOT NULL,
    secret bytea NOT NULL,
    root text NOT NULL,
    state text NOT NULL,
    batch_hash text,
    tx_hash text,
    block_number bigint,
    block_hash text,
    block_time timestamp with time zone,
    authority text,
    chain_id bigint,
    registry text,
    deployment text,
    detail text DEFAULT ''::text NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT batches_secret_check CHECK ((length(secret) = 32)),
    CONSTRAINT batches_state_check CHECK ((state = ANY (ARRAY['built'::text, 'signed'::text, 'sent'::text, 'mined'::text, 'late'::text, 'failed'::text])))
);
ALTER TABLE settlement.batches ALTER COLUMN sequence ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME settlement.batches_sequence_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settlement.migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE settlement.refused (
    topic text NOT NULL,
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL,
    refused_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE settlement.seal_events (
    id bigint NOT NULL,
    run_id text NOT NULL,
    document bytea NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    published_at timestamp with time zone
);
ALTER TABLE settlement.seal_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME settlement.seal_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE settlement.signings (
    batch_hash text NOT NULL,
    run_id text NOT NULL,
    nonce bigint NOT NULL,
    prev_batch text NOT NULL,
    batch jsonb NOT NULL,
    signature bytea NOT NULL,
    signed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE settlement.transactions (
    tx_hash text NOT NULL,
    run_id text NOT NULL,
    batch_hash text NOT NULL,
    tx_nonce bigint NOT NULL,
    max_fee numeric NOT NULL,
    raw bytea NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    sent_at timestamp with time zone
);
CREATE TABLE telemetry.conflicts (
    device_no integer NOT NULL,
    quantity_no smallint NOT NULL,
    period_start timestamp with time zone NOT NULL,
    offered_milli bigint NOT NULL,
    kept_milli bigint NOT NULL,
    sent_at_ms bigint NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE telemetry.window_rows (
    series_no integer NOT NULL,
    width_s integer NOT NULL,
    window_start timestamp with time zone NOT NULL,
    weighted_sum bigint NOT NULL,
    covered_s integer NOT NULL,
    inputs integer NOT NULL,
    count integer NOT NULL,
    min_milli bigint NOT NULL,
    max_milli bigint NOT NULL,
    mean_milli bigint NOT NULL,
    version integer NOT NULL,
    updated_at timestamp with time zone NOT NULL
)
WITH (fillfactor='85');
CREATE VIEW telemetry.day_rows AS
 SELECT window_rows.series_no,
    date_bin('1 day'::interval, window_rows.window_start, '2000-01-01 00:00:00+00'::timestamp with time zone) AS day,
    sum(window_rows.weighted_sum) AS weighted_sum,
    sum(window_rows.covered_s) AS covered_s,
    sum(window_rows.count) AS count,
    min(window_rows.min_milli) AS min_milli,
    max(window_rows.max_milli) AS max_milli
   FROM telemetry.window_rows
  WHERE (window_rows.width_s = 3600)
  GROUP BY window_rows.series_no, (date_bin('1 day'::interval, window_rows.window_start, '2000-01-01 00:00:00+00'::timestamp with time zone));
CREATE TABLE telemetry.devices (
    device_no integer NOT NULL,
    device_id text NOT NULL
);
ALTER TABLE telemetry.devices ALTER COLUMN device_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME telemetry.devices_device_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE telemetry.driver (
    one boolean DEFAULT true NOT NULL,
    epoch bigint NOT NULL,
    CONSTRAINT driver_one_check CHECK (one)
);
CREATE TABLE telemetry.feature_groups (
    group_no smallint NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    record jsonb NOT NULL
);
ALTER TABLE telemetry.feature_groups ALTER COLUMN group_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME telemetry.feature_groups_group_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE telemetry.findings (
    rule text NOT NULL,
    device_no integer NOT NULL,
    quantity_no smallint NOT NULL,
    day date NOT NULL,
    count integer NOT NULL,
    first_start timestamp with time zone NOT NULL,
    last_end timestamp with time zone NOT NULL,
    min_milli bigint NOT NULL,
    max_milli bigint NOT NULL,
    raised_at timestamp with time zone NOT NULL
);
CREATE TABLE telemetry.quality_hits (
    period_start timestamp with time zone NOT NULL,
    device_no integer NOT NULL,
    quantity_no smallint NOT NULL,
    rule text NOT NULL,
    rule_version smallint NOT NULL,
    period_s integer NOT NULL,
    value_milli bigint NOT NULL,
    found_by text NOT NULL,
    found_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT quality_hits_found_by_check CHECK ((found_by = ANY (ARRAY['stream'::text, 'check'::text])))
)
PARTITION BY RANGE (period_start);
CREATE TABLE telemetry.quantities (
    quantity_no smallint NOT NULL,
    quantity text NOT NULL
);
CREATE VIEW telemetry.hits AS
 SELECT "left"(encode(sha256(convert_to(((((((h.rule || '|'::text) || d.device_id) || '/'::text) || q.quantity) || '|'::text) || ((EXTRACT(epoch FROM h.period_start) * (1000)::numeric))::bigint), 'UTF8'::name)), 'hex'::text), 32) AS hit_id,
    h.rule,
    h.rule_version,
    d.device_id,
    q.quantity,
    h.period_start,
    h.period_s,
    h.value_milli,
    h.found_by,
    h.found_at
   FROM ((telemetry.quality_hits h
     JOIN telemetry.devices d USING (device_no))
     JOIN telemetry.quantities q USING (quantity_no));
CREATE TABLE telemetry.latency (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    n integer NOT NULL,
    p50_ms double precision NOT NULL,
    p95_ms double precision NOT NULL,
    p99_ms double precision NOT NULL,
    live boolean NOT NULL
);
CREATE TABLE telemetry.ledger (
    query_id text NOT NULL,
    batch_id bigint NOT NULL,
    offsets jsonb NOT NULL,
    messages integer NOT NULL,
    rows integer NOT NULL,
    inserted integer NOT NULL,
    duplicates integer NOT NULL,
    refused integer NOT NULL,
    undecodable integer NOT NULL,
    committed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    late integer DEFAULT 0 NOT NULL,
    began_at timestamp with time zone,
    told_at timestamp with time zone
);
COMMENT ON COLUMN telemetry.ledger.late IS 'inserted readings that fell into a window which a newer one of the same device and quantity had followed';
CREATE TABLE telemetry.ledger_removed (
    one boolean DEFAULT true NOT NULL,
    batches bigint DEFAULT 0 NOT NULL,
    messages bigint DEFAULT 0 NOT NULL,
    inserted bigint DEFAULT 0 NOT NULL,
    duplicates bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    undecodable bigint DEFAULT 0 NOT NULL,
    late bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ledger_removed_one_check CHECK (one)
);
CREATE TABLE telemetry.migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE telemetry.normalizations (
    name text NOT NULL,
    group_version integer NOT NULL,
    version integer NOT NULL,
    parameters jsonb NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
CREATE TABLE telemetry.qualities (
    quality_no smallint NOT NULL,
    quality text NOT NULL
);
CREATE TABLE telemetry.quality_checked (
    one boolean DEFAULT true NOT NULL,
    up_to timestamp with time zone NOT NULL,
    CONSTRAINT quality_checked_one_check CHECK (one)
);
CREATE TABLE telemetry.reading_rows (
    device_no integer NOT NULL,
    quantity_no smallint NOT NULL,
    period_start timestamp with time zone NOT NULL,
    period_s integer NOT NULL,
    value_milli bigint NOT NULL,
    quality_no smallint NOT NULL,
    sent_at_ms bigint NOT NULL,
    stored_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
PARTITION BY RANGE (period_start);
CREATE VIEW telemetry.readings AS
 SELECT d.device_id,
    q.quantity,
    r.period_start,
    r.period_s,
    r.value_milli,
    l.quality,
    r.sent_at_ms,
    r.stored_at
   FROM (((telemetry.reading_rows r
     JOIN telemetry.devices d USING (device_no))
     JOIN telemetry.quantities q USING (quantity_no))
     JOIN telemetry.qualities l USING (quality_no));
CREATE TABLE telemetry.refused (
    device_id text NOT NULL,
    quantity text NOT NULL,
    period_start timestamp with time zone,
    reason text NOT NULL,
    detail text NOT NULL,
    payload text NOT NULL,
    refused_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    digest bytea NOT NULL
);
CREATE TABLE telemetry.retention_runs (
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    store text NOT NULL,
    removed bigint NOT NULL,
    before timestamp with time zone NOT NULL
);
CREATE TABLE telemetry.series (
    series_no integer NOT NULL,
    series_id text NOT NULL,
    definition text NOT NULL,
    unit text DEFAULT 'W'::text NOT NULL
);
CREATE VIEW telemetry.series_days AS
 SELECT s.series_id,
    d.day,
    d.weighted_sum,
    d.covered_s,
    d.count,
    d.min_milli,
    d.max_milli,
    (d.weighted_sum / (3600)::numeric) AS energy_milli_wh
   FROM (telemetry.day_rows d
     JOIN telemetry.series s USING (series_no));
COMMENT ON VIEW telemetry.series_days IS 'UTC days of the hourly windows; energy in thousandths of a watt-hour for power series';
ALTER TABLE telemetry.series ALTER COLUMN series_no ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME telemetry.series_series_no_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE telemetry.signed_messages (
    device_id text NOT NULL,
    boot_id text NOT NULL,
    seq bigint NOT NULL,
    payload bytea NOT NULL,
    stored_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);
COMMENT ON TABLE telemetry.signed_messages IS 'messages with a signature, byte for byte, for whoever verifies them again';
CREATE TABLE telemetry.silences (
    device_no integer NOT NULL,
    since timestamp with time zone NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    back_at timestamp with time zone,
    told boolean DEFAULT false NOT NULL
);
CREATE UNLOGGED TABLE telemetry.staged_by_tasks (
    query_id text NOT NULL,
    batch_id bigint NOT NULL,
    part integer NOT NULL,
    n integer NOT NULL,
    device integer NOT NULL,
    quantity_no smallint NOT NULL,
    period_start timestamp with time zone NOT NULL,
    period_s integer NOT NULL,
    value_milli bigint NOT NULL,
    quality_no smallint NOT NULL,
    sent_at_ms bigint NOT NULL
);
COMMENT ON COLUMN telemetry.staged_by_tasks.device IS 'position of the device in the picture of the catalog that the batch was judged by';
CREATE TABLE telemetry.vector_due (
    series_no integer NOT NULL,
    width_s integer NOT NULL,
    window_start timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    changes bigint DEFAULT 1 NOT NULL
);
CREATE TABLE telemetry.vector_rows (
    group_no smallint NOT NULL,
    series_no integer NOT NULL,
    horizon_s integer NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    region_id text NOT NULL,
    target_start timestamp with time zone NOT NULL,
    target_end timestamp with time zone NOT NULL,
    available_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    feature_values double precision[] NOT NULL,
    imputed jsonb NOT NULL,
    ages_s jsonb NOT NULL
);
CREATE VIEW telemetry.vectors AS
 SELECT g.name AS group_name,
    g.version AS group_version,
    v.region_id,
    s.series_id,
    v.horizon_s,
    v.issued_at,
    v.version,
    v.target_start,
    v.target_end,
    v.available_at,
    v.recorded_at,
    v.feature_values,
    v.imputed,
    v.ages_s
   FROM ((telemetry.vector_rows v
     JOIN telemetry.feature_groups g USING (group_no))
     JOIN telemetry.series s USING (series_no));
CREATE VIEW telemetry.window_ramps AS
 SELECT s.series_id,
    w.width_s,
    w.window_start,
    (w.mean_milli - p.mean_milli) AS delta_milli,
    (((w.mean_milli - p.mean_milli) * 3600) / w.width_s) AS ramp_milli_per_h,
    w.version
   FROM ((telemetry.window_rows w
     JOIN telemetry.series s USING (series_no))
     JOIN telemetry.window_rows p ON (((p.series_no = w.series_no) AND (p.width_s = w.width_s) AND (p.window_start = (w.window_start - ((w.width_s)::double precision * '00:00:01'::interval))))))
  WHERE ((w.covered_s = (w.width_s * w.inputs)) AND (p.covered_s = (p.width_s * p.inputs)));
COMMENT ON VIEW telemetry.window_ramps IS 'change of the mean from the window before, and per hour; only where both are complete. Computed when read: a late reading corrects two ramps by correcting one window';
CREATE VIEW telemetry.windows AS
 SELECT s.series_id,
    w.width_s,
    w.window_start,
    w.weighted_sum,
    w.covered_s,
    (w.width_s * w.inputs) AS expected_s,
    w.count,
    w.min_milli,
    w.max_milli,
    w.mean_milli,
    w.version,
    w.updated_at,
        CASE
            WHEN (s.unit = ANY (ARRAY['W'::text, 'var'::text, 'V.A'::text])) THEN (w.weighted_sum / 3600)
            ELSE NULL::bigint
        END AS energy_milli
   FROM (telemetry.window_rows w
     JOIN telemetry.series s USING (series_no));
COMMENT ON COLUMN telemetry.windows.energy_milli IS 'thousandths of W.h (var.h, V.A.h), cut to whole ones; null for other units';
INSERT INTO forecast.baseline_values VALUES
	('be48986d819ccf03a77d65fe26c51f7d', 'home-01/net', '2026-11-22 09:00:00+00', '{1000,2000,3000}'),
	('be48986d819ccf03a77d65fe26c51f7d', 'home-01/net', '2026-11-22 10:00:00+00', '{1000,2000,3000}');
INSERT INTO forecast.calibration VALUES
	('site-6h', 'home_net', 3, 0, '{500,5000,9500}', '{0.0580219813853068,0.15,1.1024176463208268}', 1, '2026-11-22 10:00:00+00', 'lstm/1', '2026-11-22 13:49:36.81798+00'),
	('site-6h', 'home_net', 3, 1, '{500,5000,9500}', '{0,0,0}', 1, '2026-11-22 10:00:00+00', 'lstm/1', '2026-11-22 13:49:36.818093+00'),
	('site-6h', 'home_net', 3, 2, '{500,5000,9500}', '{0,0,0}', 1, '2026-11-22 10:00:00+00', 'lstm/1', '2026-11-22 13:49:36.818158+00');
INSERT INTO forecast.calibration_progress VALUES
	('site-6h', '2026-11-22 12:49:36.593221+00');
INSERT INTO forecast.migrations VALUES
	('0001_forecast.sql', '0558c49b7127539da66f5273383fbef40f49effcff3fe18e7eb71935d3ba75f2', '2026-11-22 13:49:29.609961+00'),
	('0100_model_events.sql', '85122ea7858bb892e0f6e50f20459e42f68e330a4d69fe994507cd029c3e457d', '2026-11-22 13:49:29.609961+00'),
	('0200_flows.sql', '7ff5cacfa9244bde43b8d629726ddba9e9d98038615063645e99c064f2c96aed', '2026-11-22 13:49:29.609961+00'),
	('0300_run_inputs.sql', '0cbb4a182fefa82a2911f6db7703960f0235d90fe49a1b204a6f1b241340c4b9', '2026-11-22 13:49:29.609961+00'),
	('0301_requests.sql', '7be1caf55c78d4791d60fba1874e05ef10b465b2b9d4356933f10dd744fdf85e', '2026-11-22 13:49:29.609961+00'),
	('0302_how_it_was_made.sql', 'fa8870a8a0a894ba3e61b5e8392bf3e82d1a08de6ac37baccbfbab3acb504903', '2026-11-22 13:49:29.609961+00'),
	('0500_calibration.sql', '1b8294c98c383b8b4719cf173c7bc9a88d528032c47257c2754b836cdfafd414', '2026-11-22 13:49:29.609961+00');
INSERT INTO forecast.outbox VALUES
	('be48986d819ccf03a77d65fe26c51f7d', '2026-11-22 08:00:00+00', '', NULL);
INSERT INTO forecast.runs VALUES
	('be48986d819ccf03a77d65fe26c51f7d', 'site-6h', '2026-11-22 08:00:00+00', 1, '2026-11-22 08:01:00+00', '2026-11-22 13:49:32.384113+00', '2026-11-22 09:00:00+00', '2026-11-22 09:00:00+00', '{500,5000,9500}', 'lstm', '1', '0x1111111111111111111111111111111111111111111111111111111111111111', '0x2222222222222222222222222222222222222222222222222222222222222222', '{"slot": "2026-11-22T08:00:00Z", "run_id": "be48986d819ccf03a77d65fe26c51f7d", "schema": "forecast-run/1", "series": [{"rung": 3, "unit": "W", "model": "lstm", "points": [{"target_start": "2026-11-22T09:00:00Z", "values_milli": [1000, 2000, 3000]}, {"target_start": "2026-11-22T10:00:00Z", "values_milli": [1000, 2000, 3000]}], "series_id": "home-01/net", "data_age_s": 0, "resolution_s": 3600}], "version": 1, "issued_at": "2026-11-22T08:01:00Z", "region_id": "us-ca-fontana", "tenant_id": "demo", "levels_bps": [500, 5000, 9500], "model_hash": "0x1111111111111111111111111111111111111111111111111111111111111111", "model_name": "lstm", "product_id": "site-6h", "feature_hash": "0x2222222222222222222222222222222222222222222222222222222222222222", "gate_closure": "2026-11-22T09:00:00Z", "model_version": "1", "delivery_start": "2026-11-22T09:00:00Z"}');
INSERT INTO forecast.scores VALUES
	('be48986d819ccf03a77d65fe26c51f7d', 'home-01/net', '2026-11-22 09:00:00+00', 'home_net', 'lstm', 9000, 1, 8900, '{0.0449438202247191,0.39325842696629215,0.6404494382022472}', 0.3595505617977528, false, 0.3595505617977528, false, '2026-11-22 13:49:36.227603+00');
INSERT INTO forecast.series_ranges VALUES
	('home-01/net', 100, 9000, 40, '2026-11-22 13:49:35.060663+00');
INSERT INTO forecast."values" VALUES
	('be48986d819ccf03a77d65fe26c51f7d', 'home-01/net', '2026-11-22 09:00:00+00', 3600, '2026-11-22 08:01:00+00', '{1000,2000,3000}', 'lstm', 3, 0, NULL, NULL),
	('be48986d819ccf03a77d65fe26c51f7d', 'home-01/net', '2026-11-22 10:00:00+00', 3600, '2026-11-22 08:01:00+00', '{1000,2000,3000}', 'lstm', 3, 0, NULL, NULL);
INSERT INTO gateway.device_keys VALUES
	('home-01-meter', 'k1', '\x1111111111111111111111111111111111111111111111111111111111111111', '2026-05-01 00:00:00+00', NULL);
INSERT INTO gateway.devices VALUES
	('home-01-meter', '2026-05-01 00:00:00+00', NULL, '', '2026-05-01 00:00:00+00'),
	('lost', '2026-05-01 00:00:00+00', '2026-05-02 00:00:00+00', 'stolen', '2026-05-02 00:00:00+00');
INSERT INTO gateway.migrations VALUES
	('0001_identity.sql', '8a731a2bb13a21bcbc61322f14c1f79c28e78c8ca0ac3a52f7116d4aaee06915', '2026-11-22 13:54:15.152042+00');
INSERT INTO gateway.receipt_keys VALUES
	('r1', '\x2222222222222222222222222222222222222222222222222222222222222222', '2026-05-01 00:00:00+00');
INSERT INTO gateway.receipts VALUES
	('home-01-meter', 'b1', '{[1,100),[120,130)}', '{"110": "malformed"}', '2026-06-01 00:00:00+00');
INSERT INTO settlement.batches OVERRIDING SYSTEM VALUE VALUES
	('00000000000000000000000000000001', 1, 'site-6h', '2026-06-01 00:15:00+00', 1, '2026-06-01 01:15:00+00', '\x7b22736368656d61223a2022666f7265636173742d72756e2f31222c20226e223a20317d', '\x0000000000000000000000000000000000000000000000000000000000000001', '0x1111111111111111111111111111111111111111111111111111111111111111', 'built', '0x2222222222222222222222222222222222222222222222222222222222222221', NULL, NULL, NULL, NULL, '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 31337, '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'd1', '', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	('00000000000000000000000000000002', 2, 'site-6h', '2026-06-01 00:30:00+00', 1, '2026-06-01 01:30:00+00', '\x7b22736368656d61223a2022666f7265636173742d72756e2f31222c20226e223a20327d', '\x0000000000000000000000000000000000000000000000000000000000000002', '0x1111111111111111111111111111111111111111111111111111111111111112', 'signed', '0x2222222222222222222222222222222222222222222222222222222222222222', '0x3333333333333333333333333333333333333333333333333333333333333332', NULL, NULL, NULL, '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 31337, '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'd1', '', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	('00000000000000000000000000000003', 3, 'site-6h', '2026-06-01 00:45:00+00', 1, '2026-06-01 01:45:00+00', '\x7b22736368656d61223a2022666f7265636173742d72756e2f31222c20226e223a20337d', '\x0000000000000000000000000000000000000000000000000000000000000003', '0x1111111111111111111111111111111111111111111111111111111111111113', 'sent', '0x2222222222222222222222222222222222222222222222222222222222222223', '0x3333333333333333333333333333333333333333333333333333333333333333', NULL, NULL, NULL, '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 31337, '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'd1', '', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	('00000000000000000000000000000004', 4, 'site-6h', '2026-06-01 01:00:00+00', 1, '2026-06-01 02:00:00+00', '\x7b22736368656d61223a2022666f7265636173742d72756e2f31222c20226e223a20347d', '\x0000000000000000000000000000000000000000000000000000000000000004', '0x1111111111111111111111111111111111111111111111111111111111111114', 'mined', '0x2222222222222222222222222222222222222222222222222222222222222224', '0x3333333333333333333333333333333333333333333333333333333333333334', 17, '0x4444444444444444444444444444444444444444444444444444444444444444', '2026-06-01 00:59:00+00', '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 31337, '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'd1', '', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	('00000000000000000000000000000005', 5, 'site-6h', '2026-06-01 01:15:00+00', 1, '2026-06-01 02:15:00+00', '\x7b22736368656d61223a2022666f7265636173742d72756e2f31222c20226e223a20357d', '\x0000000000000000000000000000000000000000000000000000000000000005', '0x1111111111111111111111111111111111111111111111111111111111111115', 'late', '0x2222222222222222222222222222222222222222222222222222222222222225', '0x3333333333333333333333333333333333333333333333333333333333333335', NULL, NULL, NULL, '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 31337, '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'd1', '', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	('00000000000000000000000000000006', 6, 'site-6h', '2026-06-01 01:30:00+00', 1, '2026-06-01 02:30:00+00', '\x7b22736368656d61223a2022666f7265636173742d72756e2f31222c20226e223a20367d', '\x0000000000000000000000000000000000000000000000000000000000000006', '0x1111111111111111111111111111111111111111111111111111111111111116', 'failed', '0x2222222222222222222222222222222222222222222222222222222222222226', '0x3333333333333333333333333333333333333333333333333333333333333336', NULL, NULL, NULL, '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 31337, '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'd1', '', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00');
INSERT INTO settlement.migrations VALUES
	('0001_settlement.sql', 'c50660c96b646f3464d3f43ee01c2ba0e80df89ecb3832ec5aa2795113981feb', '2026-11-22 13:54:15.03372+00');
INSERT INTO settlement.refused VALUES
	('forecasts.issued', 0, 7, 'malformed', 'run_id', '\x00ff', '2026-06-01 00:00:00+00');
INSERT INTO settlement.seal_events OVERRIDING SYSTEM VALUE VALUES
	(1, '00000000000000000000000000000001', '\x7b7d', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	(2, '00000000000000000000000000000002', '\x7b7d', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	(3, '00000000000000000000000000000003', '\x7b7d', '2026-06-01 00:00:00+00', NULL),
	(4, '00000000000000000000000000000004', '\x7b7d', '2026-06-01 00:00:00+00', NULL);
INSERT INTO settlement.signings VALUES
	('0x2222222222222222222222222222222222222222222222222222222222222222', '00000000000000000000000000000002', 2, '0x2222222222222222222222222222222222222222222222222222222222222221', '{"n": 1}', '\x0102', '2026-06-01 00:00:00+00'),
	('0x2222222222222222222222222222222222222222222222222222222222222223', '00000000000000000000000000000003', 3, '0x2222222222222222222222222222222222222222222222222222222222222222', '{"n": 1}', '\x0102', '2026-06-01 00:00:00+00'),
	('0x2222222222222222222222222222222222222222222222222222222222222224', '00000000000000000000000000000004', 4, '0x2222222222222222222222222222222222222222222222222222222222222223', '{"n": 1}', '\x0102', '2026-06-01 00:00:00+00');
INSERT INTO settlement.transactions VALUES
	('0x3333333333333333333333333333333333333333333333333333333333333332', '00000000000000000000000000000002', '0x2222222222222222222222222222222222222222222222222222222222222222', 2, 12345678901234567890, '\x02', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	('0x3333333333333333333333333333333333333333333333333333333333333333', '00000000000000000000000000000003', '0x2222222222222222222222222222222222222222222222222222222222222223', 3, 12345678901234567890, '\x02', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00'),
	('0x3333333333333333333333333333333333333333333333333333333333333334', '00000000000000000000000000000004', '0x2222222222222222222222222222222222222222222222222222222222222224', 4, 12345678901234567890, '\x02', '2026-06-01 00:00:00+00', '2026-06-01 00:00:00+00');
INSERT INTO telemetry.driver VALUES
	(true, 0);
INSERT INTO telemetry.ledger_removed VALUES
	(true, 0, 0, 0, 0, 0, 0, 0);
INSERT INTO telemetry.migrations VALUES
	('0001_telemetry.sql', '91f86bc85765e9bb90ff3bae32d7190146131a1d2618a0b005f362b7c6babcc8', '2026-11-22 13:49:25.960363+00'),
	('0002_quantities.sql', '50b817ff2cc69afc8eac420ec82115a96d6f11c5d50d8583109262506fb715ec', '2026-11-22 13:49:25.960363+00'),
	('0003_fast_mean.sql', '7e8c9f3ffcb7d280bdea8250beb53f90928896f5da9ecce800decae0716c51f1', '2026-11-22 13:49:25.960363+00'),
	('0004_ledger.sql', '700cf9b58132dff3c78cf38d098f130682c5793a17e13e0cb8246ccf5f3debef', '2026-11-22 13:49:25.960363+00'),
	('0005_retention.sql', '256cbe408df10cfd1f2ccc092ec5000b8f2bc956ba6e558b78a904c94c004132', '2026-11-22 13:49:25.960363+00'),
	('0006_stored_at.sql', '18a29ac93403cf29e0e3431cdd9c1877ea62f1ea15453cd37add7b939bc9ab72', '2026-11-22 13:49:25.960363+00'),
	('0007_staging.sql', 'd540b70088d409b2fbc8820c72efa01d5ca8ab2878940eb7a4b84ec2b3a70274', '2026-11-22 13:49:25.960363+00'),
	('0008_late.sql', '2d25d523c4437d4e5ee6a25b8f30109bb0256796cf480c62cf82156c535b242a', '2026-11-22 13:49:25.960363+00'),
	('0010_vectors.sql', '8e32f548b51c66f55afae57f0d9479097803dc43e6f2622460fcfcf097b30b13', '2026-11-22 13:49:25.960363+00'),
	('0011_energy_mlops.sql', 'c1741b8c997c69585cf7d1ad9981c5c4b0fd396bc0518507ae9066e8618606ee', '2026-11-22 13:49:25.960363+00'),
	('0020_quality.sql', 'cb02d42093b1ad051e976a3bb31972d444cdd4e0f9d08c91c4c42ee8d09f9a07', '2026-11-22 13:49:25.960363+00'),
	('0030_tiers.sql', '1ec27ae8ecfcaabb6a113f890f8e3d6632be95c146efc9768d4366a9d72e3c4b', '2026-11-22 13:49:25.960363+00');
INSERT INTO telemetry.qualities VALUES
	(0, 'good'),
	(1, 'suspect'),
	(2, 'bad');
INSERT INTO telemetry.quantities VALUES
	(1, 'active_power'),
	(2, 'wind_speed'),
	(3, 'air_temperature'),
	(4, 'irradiance'),
	(5, 'state_of_charge'),
	(6, 'reactive_power'),
	(7, 'apparent_power'),
	(8, 'voltage'),
	(9, 'current'),
	(10, 'frequency'),
	(11, 'power_factor'),
	(12, 'energy_import_register'),
	(13, 'energy_export_register'),
	(14, 'relative_humidity'),
	(15, 'air_pressure'),
	(16, 'wind_direction'),
	(17, 'precipitation'),
	(18, 'cloud_cover');
INSERT INTO telemetry.series OVERRIDING SYSTEM VALUE VALUES
	(1, 'home-01/net', 'test data', 'W');
INSERT INTO telemetry.window_rows VALUES
	(1, 3600, '2026-11-22 07:00:00+00', 360000, 3600, 1, 1, 100, 100, 100, 1, '2026-11-22 13:49:32.528938+00'),
	(1, 3600, '2026-11-22 06:00:00+00', 720000, 3600, 1, 1, 200, 200, 200, 1, '2026-11-22 13:49:32.595344+00'),
	(1, 3600, '2026-11-22 05:00:00+00', 1080000, 3600, 1, 1, 300, 300, 300, 1, '2026-11-22 13:49:32.682554+00'),
	(1, 3600, '2026-11-22 04:00:00+00', 1440000, 3600, 1, 1, 400, 400, 400, 1, '2026-11-22 13:49:32.780922+00'),
	(1, 3600, '2026-11-22 03:00:00+00', 1800000, 3600, 1, 1, 500, 500, 500, 1, '2026-11-22 13:49:32.858584+00'),
	(1, 3600, '2026-11-22 02:00:00+00', 2160000, 3600, 1, 1, 600, 600, 600, 1, '2026-11-22 13:49:32.946443+00'),
	(1, 3600, '2026-11-22 01:00:00+00', 2520000, 3600, 1, 1, 700, 700, 700, 1, '2026-11-22 13:49:32.992553+00'),
	(1, 3600, '2026-11-22 00:00:00+00', 2880000, 3600, 1, 1, 800, 800, 800, 1, '2026-11-22 13:49:33.0585+00'),
	(1, 3600, '2026-11-21 23:00:00+00', 3240000, 3600, 1, 1, 900, 900, 900, 1, '2026-11-22 13:49:33.124728+00'),
	(1, 3600, '2026-11-21 22:00:00+00', 3600000, 3600, 1, 1, 1000, 1000, 1000, 1, '2026-11-22 13:49:33.210418+00'),
	(1, 3600, '2026-11-21 21:00:00+00', 3960000, 3600, 1, 1, 1100, 1100, 1100, 1, '2026-11-22 13:49:33.306717+00'),
	(1, 3600, '2026-11-21 20:00:00+00', 4320000, 3600, 1, 1, 1200, 1200, 1200, 1, '2026-11-22 13:49:33.390304+00'),
	(1, 3600, '2026-11-21 19:00:00+00', 4680000, 3600, 1, 1, 1300, 1300, 1300, 1, '2026-11-22 13:49:33.430254+00'),
	(1, 3600, '2026-11-21 18:00:00+00', 5040000, 3600, 1, 1, 1400, 1400, 1400, 1, '2026-11-22 13:49:33.530816+00'),
	(1, 3600, '2026-11-21 17:00:00+00', 5400000, 3600, 1, 1, 1500, 1500, 1500, 1, '2026-11-22 13:49:33.580158+00'),
	(1, 3600, '2026-11-21 16:00:00+00', 5760000, 3600, 1, 1, 1600, 1600, 1600, 1, '2026-11-22 13:49:33.66351+00'),
	(1, 3600, '2026-11-21 15:00:00+00', 6120000, 3600, 1, 1, 1700, 1700, 1700, 1, '2026-11-22 13:49:33.702735+00'),
	(1, 3600, '2026-11-21 14:00:00+00', 6480000, 3600, 1, 1, 1800, 1800, 1800, 1, '2026-11-22 13:49:33.762292+00'),
	(1, 3600, '2026-11-21 13:00:00+00', 6840000, 3600, 1, 1, 1900, 1900, 1900, 1, '2026-11-22 13:49:33.846949+00'),
	(1, 3600, '2026-11-21 12:00:00+00', 7200000, 3600, 1, 1, 2000, 2000, 2000, 1, '2026-11-22 13:49:33.895018+00'),
	(1, 3600, '2026-11-21 11:00:00+00', 7560000, 3600, 1, 1, 2100, 2100, 2100, 1, '2026-11-22 13:49:33.934468+00'),
	(1, 3600, '2026-11-21 10:00:00+00', 7920000, 3600, 1, 1, 2200, 2200, 2200, 1, '2026-11-22 13:49:34.094325+00'),
	(1, 3600, '2026-11-21 09:00:00+00', 8280000, 3600, 1, 1, 2300, 2300, 2300, 1, '2026-11-22 13:49:34.124636+00'),
	(1, 3600, '2026-11-21 08:00:00+00', 8640000, 3600, 1, 1, 2400, 2400, 2400, 1, '2026-11-22 13:49:34.158656+00'),
	(1, 3600, '2026-11-21 07:00:00+00', 9000000, 3600, 1, 1, 2500, 2500, 2500, 1, '2026-11-22 13:49:34.210395+00'),
	(1, 3600, '2026-11-21 06:00:00+00', 9360000, 3600, 1, 1, 2600, 2600, 2600, 1, '2026-11-22 13:49:34.240411+00'),
	(1, 3600, '2026-11-21 05:00:00+00', 9720000, 3600, 1, 1, 2700, 2700, 2700, 1, '2026-11-22 13:49:34.288077+00'),
	(1, 3600, '2026-11-21 04:00:00+00', 10080000, 3600, 1, 1, 2800, 2800, 2800, 1, '2026-11-22 13:49:34.354153+00'),
	(1, 3600, '2026-11-21 03:00:00+00', 10440000, 3600, 1, 1, 2900, 2900, 2900, 1, '2026-11-22 13:49:34.408773+00'),
	(1, 3600, '2026-11-21 02:00:00+00', 10800000, 3600, 1, 1, 3000, 3000, 3000, 1, '2026-11-22 13:49:34.452345+00'),
	(1, 3600, '2026-11-21 01:00:00+00', 11160000, 3600, 1, 1, 3100, 3100, 3100, 1, '2026-11-22 13:49:34.522741+00'),
	(1, 3600, '2026-11-21 00:00:00+00', 11520000, 3600, 1, 1, 3200, 3200, 3200, 1, '2026-11-22 13:49:34.5273+00'),
	(1, 3600, '2026-11-20 23:00:00+00', 11880000, 3600, 1, 1, 3300, 3300, 3300, 1, '2026-11-22 13:49:34.57703+00'),
	(1, 3600, '2026-11-20 22:00:00+00', 12240000, 3600, 1, 1, 3400, 3400, 3400, 1, '2026-11-22 13:49:34.606702+00'),
	(1, 3600, '2026-11-20 21:00:00+00', 12600000, 3600, 1, 1, 3500, 3500, 3500, 1, '2026-11-22 13:49:34.623337+00'),
	(1, 3600, '2026-11-20 20:00:00+00', 12960000, 3600, 1, 1, 3600, 3600, 3600, 1, '2026-11-22 13:49:34.62402+00'),
	(1, 3600, '2026-11-20 19:00:00+00', 13320000, 3600, 1, 1, 3700, 3700, 3700, 1, '2026-11-22 13:49:34.714132+00'),
	(1, 3600, '2026-11-20 18:00:00+00', 13680000, 3600, 1, 1, 3800, 3800, 3800, 1, '2026-11-22 13:49:34.726768+00'),
	(1, 3600, '2026-11-20 17:00:00+00', 14040000, 3600, 1, 1, 3900, 3900, 3900, 1, '2026-11-22 13:49:34.752229+00'),
	(1, 3600, '2026-11-22 09:00:00+00', 32400000, 3600, 1, 1, 9000, 9000, 9000, 1, '2026-11-22 13:49:34.832532+00');
SELECT pg_catalog.setval('energy_mlops.drift_log_id_seq', 1, false);
SELECT pg_catalog.setval('energy_mlops.features_id_seq', 1, false);
SELECT pg_catalog.setval('energy_mlops.prediction_log_id_seq', 1, false);
SELECT pg_catalog.setval('energy_mlops.raw_demand_id_seq', 1, false);
SELECT pg_catalog.setval('energy_mlops.raw_weather_id_seq', 1, false);
SELECT pg_catalog.setval('forecast.drift_references_reference_no_seq', 1, false);
SELECT pg_catalog.setval('forecast.model_events_event_id_seq', 1, false);
SELECT pg_catalog.setval('settlement.batches_sequence_seq', 6, true);
SELECT pg_catalog.setval('settlement.seal_events_id_seq', 4, true);
SELECT pg_catalog.setval('telemetry.devices_device_no_seq', 1, false);
SELECT pg_catalog.setval('telemetry.feature_groups_group_no_seq', 1, false);
SELECT pg_catalog.setval('telemetry.series_series_no_seq', 40, true);
ALTER TABLE ONLY energy_mlops.drift_log
    ADD CONSTRAINT drift_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY energy_mlops.features
    ADD CONSTRAINT features_pkey PRIMARY KEY (id);
ALTER TABLE ONLY energy_mlops.features
    ADD CONSTRAINT features_timestamp_respondent_key UNIQUE ("timestamp", respondent);
ALTER TABLE ONLY energy_mlops.prediction_log
    ADD CONSTRAINT prediction_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY energy_mlops.raw_demand
    ADD CONSTRAINT raw_demand_period_respondent_key UNIQUE (period, respondent);
ALTER TABLE ONLY energy_mlops.raw_demand
    ADD CONSTRAINT raw_demand_pkey PRIMARY KEY (id);
ALTER TABLE ONLY energy_mlops.raw_weather
    ADD CONSTRAINT raw_weather_pkey PRIMARY KEY (id);
ALTER TABLE ONLY energy_mlops.raw_weather
    ADD CONSTRAINT raw_weather_timestamp_location_key UNIQUE ("timestamp", location);
ALTER TABLE ONLY forecast.baseline_values
    ADD CONSTRAINT baseline_values_pkey PRIMARY KEY (series_id, target_start, run_id);
ALTER TABLE ONLY forecast.calibration
    ADD CONSTRAINT calibration_pkey PRIMARY KEY (product_id, kind, rung, bucket);
ALTER TABLE ONLY forecast.calibration_progress
    ADD CONSTRAINT calibration_progress_pkey PRIMARY KEY (product_id);
ALTER TABLE ONLY forecast.drift_references
    ADD CONSTRAINT drift_references_pkey PRIMARY KEY (reference_no);
ALTER TABLE ONLY forecast.flows
    ADD CONSTRAINT flows_pkey PRIMARY KEY (flow);
ALTER TABLE ONLY forecast.job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job_id);
ALTER TABLE ONLY forecast.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY forecast.model_events
    ADD CONSTRAINT model_events_pkey PRIMARY KEY (event_id);
ALTER TABLE ONLY forecast.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY forecast.performance
    ADD CONSTRAINT performance_pkey PRIMARY KEY (product_id, kind, model, looked_at);
ALTER TABLE ONLY forecast.requests
    ADD CONSTRAINT requests_idempotency_key_key UNIQUE (idempotency_key);
ALTER TABLE ONLY forecast.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (request_id);
ALTER TABLE ONLY forecast.run_calibrations
    ADD CONSTRAINT run_calibrations_pkey PRIMARY KEY (product_id, slot);
ALTER TABLE ONLY forecast.run_inputs
    ADD CONSTRAINT run_inputs_lineage_seq_key UNIQUE (lineage, seq);
ALTER TABLE ONLY forecast.run_inputs
    ADD CONSTRAINT run_inputs_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY forecast.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY forecast.runs
    ADD CONSTRAINT runs_product_id_slot_version_key UNIQUE (product_id, slot, version);
ALTER TABLE ONLY forecast.scores
    ADD CONSTRAINT scores_pkey PRIMARY KEY (series_id, target_start, run_id);
ALTER TABLE ONLY forecast.seals
    ADD CONSTRAINT seals_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY forecast.series_ranges
    ADD CONSTRAINT series_ranges_pkey PRIMARY KEY (series_id);
ALTER TABLE ONLY forecast."values"
    ADD CONSTRAINT values_pkey PRIMARY KEY (series_id, target_start, run_id);
ALTER TABLE ONLY gateway.device_keys
    ADD CONSTRAINT device_keys_pkey PRIMARY KEY (device_id, key_id);
ALTER TABLE ONLY gateway.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (device_id);
ALTER TABLE ONLY gateway.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY gateway.receipt_keys
    ADD CONSTRAINT receipt_keys_pkey PRIMARY KEY (key_id);
ALTER TABLE ONLY gateway.receipts
    ADD CONSTRAINT receipts_pkey PRIMARY KEY (device_id, boot_id);
ALTER TABLE ONLY settlement.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (run_id);
ALTER TABLE ONLY settlement.batches
    ADD CONSTRAINT batches_sequence_key UNIQUE (sequence);
ALTER TABLE ONLY settlement.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY settlement.refused
    ADD CONSTRAINT refused_pkey PRIMARY KEY (topic, partition, kafka_offset);
ALTER TABLE ONLY settlement.seal_events
    ADD CONSTRAINT seal_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY settlement.signings
    ADD CONSTRAINT signings_pkey PRIMARY KEY (batch_hash);
ALTER TABLE ONLY settlement.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (tx_hash);
ALTER TABLE ONLY telemetry.conflicts
    ADD CONSTRAINT conflicts_pkey PRIMARY KEY (device_no, quantity_no, period_start, offered_milli);
ALTER TABLE ONLY telemetry.devices
    ADD CONSTRAINT devices_device_id_key UNIQUE (device_id);
ALTER TABLE ONLY telemetry.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (device_no);
ALTER TABLE ONLY telemetry.driver
    ADD CONSTRAINT driver_pkey PRIMARY KEY (one);
ALTER TABLE ONLY telemetry.feature_groups
    ADD CONSTRAINT feature_groups_name_version_key UNIQUE (name, version);
ALTER TABLE ONLY telemetry.feature_groups
    ADD CONSTRAINT feature_groups_pkey PRIMARY KEY (group_no);
ALTER TABLE ONLY telemetry.findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (rule, device_no, quantity_no, day);
ALTER TABLE ONLY telemetry.ledger
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (query_id, batch_id);
ALTER TABLE ONLY telemetry.ledger_removed
    ADD CONSTRAINT ledger_removed_pkey PRIMARY KEY (one);
ALTER TABLE ONLY telemetry.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY telemetry.normalizations
    ADD CONSTRAINT normalizations_pkey PRIMARY KEY (name, group_version, version);
ALTER TABLE ONLY telemetry.qualities
    ADD CONSTRAINT qualities_pkey PRIMARY KEY (quality_no);
ALTER TABLE ONLY telemetry.qualities
    ADD CONSTRAINT qualities_quality_key UNIQUE (quality);
ALTER TABLE ONLY telemetry.quality_checked
    ADD CONSTRAINT quality_checked_pkey PRIMARY KEY (one);
ALTER TABLE ONLY telemetry.quality_hits
    ADD CONSTRAINT quality_hits_pkey PRIMARY KEY (period_start, device_no, quantity_no, rule);
ALTER TABLE ONLY telemetry.quantities
    ADD CONSTRAINT quantities_pkey PRIMARY KEY (quantity_no);
ALTER TABLE ONLY telemetry.quantities
    ADD CONSTRAINT quantities_quantity_key UNIQUE (quantity);
ALTER TABLE ONLY telemetry.reading_rows
    ADD CONSTRAINT reading_rows_pkey PRIMARY KEY (device_no, quantity_no, period_start);
ALTER TABLE ONLY telemetry.refused
    ADD CONSTRAINT refused_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY telemetry.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (series_no);
ALTER TABLE ONLY telemetry.series
    ADD CONSTRAINT series_series_id_key UNIQUE (series_id);
ALTER TABLE ONLY telemetry.signed_messages
    ADD CONSTRAINT signed_messages_pkey PRIMARY KEY (device_id, boot_id, seq);
ALTER TABLE ONLY telemetry.silences
    ADD CONSTRAINT silences_pkey PRIMARY KEY (device_no, since);
ALTER TABLE ONLY telemetry.vector_due
    ADD CONSTRAINT vector_due_pkey PRIMARY KEY (series_no, width_s, window_start);
ALTER TABLE ONLY telemetry.vector_rows
    ADD CONSTRAINT vector_rows_pkey PRIMARY KEY (group_no, series_no, horizon_s, issued_at, version);
ALTER TABLE ONLY telemetry.window_rows
    ADD CONSTRAINT window_rows_pkey PRIMARY KEY (series_no, width_s, window_start);
CREATE INDEX idx_demand_period ON energy_mlops.raw_demand USING btree (period);
CREATE INDEX idx_features_timestamp ON energy_mlops.features USING btree ("timestamp");
CREATE INDEX idx_predictions_timestamp ON energy_mlops.prediction_log USING btree ("timestamp");
CREATE INDEX idx_weather_timestamp ON energy_mlops.raw_weather USING btree ("timestamp");
CREATE INDEX drift_references_newest ON forecast.drift_references USING btree (dataset, reference_no DESC);
CREATE INDEX job_runs_by_flow ON forecast.job_runs USING btree (flow, started_at DESC);
CREATE INDEX job_runs_by_kind ON forecast.job_runs USING btree (kind, started_at DESC);
CREATE UNIQUE INDEX job_runs_by_request ON forecast.job_runs USING btree (flow, request_key);
CREATE UNIQUE INDEX job_runs_open ON forecast.job_runs USING btree (flow) WHERE ((kind <> 'forecast'::text) AND (state = ANY (ARRAY['queued'::text, 'running'::text, 'retrying'::text])));
CREATE INDEX model_events_by_model ON forecast.model_events USING btree (model_name, event_id DESC);
CREATE INDEX outbox_pending ON forecast.outbox USING btree (slot) WHERE (published_at IS NULL);
CREATE INDEX requests_open ON forecast.requests USING btree (recorded_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX scores_by_target ON forecast.scores USING btree (target_start);
CREATE INDEX seals_by_change ON forecast.seals USING btree (updated_at);
CREATE INDEX seals_by_state ON forecast.seals USING btree (state);
CREATE INDEX values_by_target ON forecast."values" USING btree (target_start);
CREATE INDEX devices_by_change ON gateway.devices USING btree (changed_at);
CREATE INDEX batches_by_tx ON settlement.batches USING btree (tx_hash);
CREATE INDEX batches_mined ON settlement.batches USING btree (block_number) WHERE (state = 'mined'::text);
CREATE INDEX batches_open ON settlement.batches USING btree (sequence) WHERE (state = ANY (ARRAY['built'::text, 'signed'::text, 'sent'::text]));
CREATE INDEX seal_events_pending ON settlement.seal_events USING btree (id) WHERE (published_at IS NULL);
CREATE INDEX signings_by_run ON settlement.signings USING btree (run_id);
CREATE INDEX transactions_by_run ON settlement.transactions USING btree (run_id, made_at);
CREATE INDEX latency_at ON telemetry.latency USING btree (at);
CREATE INDEX ledger_committed ON telemetry.ledger USING btree (committed_at);
CREATE INDEX ledger_untold ON telemetry.ledger USING btree (began_at) WHERE (told_at IS NULL);
CREATE INDEX refused_at ON telemetry.refused USING btree (refused_at);
CREATE INDEX refused_by_device ON telemetry.refused USING btree (device_id, period_start);
CREATE UNIQUE INDEX silences_open ON telemetry.silences USING btree (device_no) WHERE (back_at IS NULL);
CREATE INDEX silences_untold ON telemetry.silences USING btree (told) WHERE (NOT told);
CREATE INDEX staged_by_batch ON telemetry.staged_by_tasks USING btree (query_id, batch_id, part);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON forecast.baseline_values FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON forecast.model_events FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON forecast.run_calibrations FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON forecast.run_inputs FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON forecast.runs FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON forecast."values" FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.baseline_values FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.model_events FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.run_calibrations FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.run_inputs FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.runs FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast."values" FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
ALTER TABLE ONLY forecast.baseline_values
    ADD CONSTRAINT baseline_values_run_id_fkey FOREIGN KEY (run_id) REFERENCES forecast.runs(run_id);
ALTER TABLE ONLY forecast.outbox
    ADD CONSTRAINT outbox_run_id_fkey FOREIGN KEY (run_id) REFERENCES forecast.runs(run_id);
ALTER TABLE ONLY forecast.run_inputs
    ADD CONSTRAINT run_inputs_run_id_fkey FOREIGN KEY (run_id) REFERENCES forecast.runs(run_id);
ALTER TABLE ONLY forecast."values"
    ADD CONSTRAINT values_run_id_fkey FOREIGN KEY (run_id) REFERENCES forecast.runs(run_id);
ALTER TABLE ONLY gateway.device_keys
    ADD CONSTRAINT device_keys_device_id_fkey FOREIGN KEY (device_id) REFERENCES gateway.devices(device_id);
ALTER TABLE ONLY settlement.signings
    ADD CONSTRAINT signings_run_id_fkey FOREIGN KEY (run_id) REFERENCES settlement.batches(run_id);
ALTER TABLE ONLY settlement.transactions
    ADD CONSTRAINT transactions_batch_hash_fkey FOREIGN KEY (batch_hash) REFERENCES settlement.signings(batch_hash);
ALTER TABLE ONLY settlement.transactions
    ADD CONSTRAINT transactions_run_id_fkey FOREIGN KEY (run_id) REFERENCES settlement.batches(run_id);
