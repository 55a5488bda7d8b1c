-- Readings and windows under integer keys, and the documented columns as views.
-- With the TimescaleDB extension both are hypertables; without it readings are partitioned by month.

CREATE TABLE quantities (quantity_no smallint PRIMARY KEY, quantity text NOT NULL UNIQUE);
INSERT INTO quantities VALUES
    (1, 'active_power'), (2, 'wind_speed'), (3, 'air_temperature'), (4, 'irradiance'), (5, 'state_of_charge');
CREATE TABLE qualities (quality_no smallint PRIMARY KEY, quality text NOT NULL UNIQUE);
INSERT INTO qualities VALUES (0, 'good'), (1, 'suspect'), (2, 'bad');

CREATE TABLE devices (
    device_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id text NOT NULL UNIQUE
);
CREATE TABLE series (
    series_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_id text NOT NULL UNIQUE,
    definition text NOT NULL
);

-- Whoever raised the epoch last is the driver; a batch of an older one is refused.
CREATE TABLE driver (one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch bigint NOT NULL);
INSERT INTO driver (epoch) VALUES (0);

CREATE TABLE ledger (
    query_id text NOT NULL,
    batch_id bigint NOT NULL,
    offsets jsonb NOT NULL,
    messages integer NOT NULL,
    rows integer NOT NULL,
    inserted integer NOT NULL,
    duplicates integer NOT NULL,
    refused integer NOT NULL,
    undecodable integer NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (query_id, batch_id)
);

CREATE TABLE refused (
    device_id text NOT NULL,
    quantity text NOT NULL,
    period_start timestamptz,
    reason text NOT NULL,
    detail text NOT NULL,
    payload text NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    digest bytea NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX refused_by_device ON refused (device_id, period_start);

-- One row for each alert: a rule, a device's quantity, a UTC day.
CREATE TABLE findings (
    rule text NOT NULL,
    device_no integer NOT NULL,
    quantity_no smallint NOT NULL,
    day date NOT NULL,
    count integer NOT NULL,
    first_start timestamptz NOT NULL,
    last_end timestamptz NOT NULL,
    min_milli bigint NOT NULL,
    max_milli bigint NOT NULL,
    raised_at timestamptz NOT NULL,
    PRIMARY KEY (rule, device_no, quantity_no, day)
);

CREATE TABLE latency (
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    n integer NOT NULL,
    p50_ms double precision NOT NULL,
    p95_ms double precision NOT NULL,
    p99_ms double precision NOT NULL,
    live boolean NOT NULL
);
CREATE INDEX latency_at ON latency (at);

CREATE FUNCTION mean_half_even(weighted_sum bigint, inputs integer, covered_s integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN covered_s = 0 THEN 0 ELSE (
        SELECT q + CASE WHEN 2 * r > covered_s OR (2 * r = covered_s AND q % 2 <> 0) THEN 1 ELSE 0 END
        FROM (SELECT f.q, n.v - f.q * covered_s AS r
              FROM (SELECT weighted_sum::numeric * inputs AS v) n,
                   LATERAL (SELECT div(n.v, covered_s)
                            - CASE WHEN n.v < 0 AND mod(n.v, covered_s) <> 0 THEN 1 ELSE 0 END AS q) f) d
    )::bigint END
$$;

CREATE TABLE window_rows (
    series_no integer NOT NULL,
    width_s integer NOT NULL,
    window_start timestamptz NOT NULL,
    weighted_sum bigint NOT NULL,
    covered_s integer NOT NULL,
    inputs integer NOT NULL,
    count integer NOT NULL,
    min_milli bigint NOT NULL,
    max_milli bigint NOT NULL,
    mean_milli bigint NOT NULL,
    version integer NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (series_no, width_s, window_start)
) WITH (fillfactor = 85);

DO $migrate$
DECLARE
    columns constant text := '(
        device_no integer NOT NULL,
        quantity_no smallint NOT NULL,
        period_start timestamptz NOT NULL,
        period_s integer NOT NULL,
        value_milli bigint NOT NULL,
        quality_no smallint NOT NULL,
        sent_at_ms bigint NOT NULL,
        stored_at timestamptz NOT NULL,
        PRIMARY KEY (device_no, quantity_no, period_start))';
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb') THEN
        EXECUTE 'CREATE TABLE reading_rows ' || columns;
        PERFORM create_hypertable('reading_rows', 'period_start', chunk_time_interval => interval '30 days',
                                  create_default_indexes => false);
        PERFORM create_hypertable('window_rows', 'window_start', chunk_time_interval => interval '30 days',
                                  create_default_indexes => false);
    ELSE
        EXECUTE 'CREATE TABLE reading_rows ' || columns || ' PARTITION BY RANGE (period_start)';
    END IF;
END
$migrate$;

CREATE FUNCTION ensure_month(month date) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE VIEW readings AS
    SELECT d.device_id, q.quantity, r.period_start, r.period_s, r.value_milli, l.quality, r.sent_at_ms, r.stored_at
    FROM reading_rows r JOIN devices d USING (device_no) JOIN quantities q USING (quantity_no)
         JOIN qualities l USING (quality_no);

CREATE VIEW windows AS
    SELECT s.series_id, w.width_s, w.window_start, w.weighted_sum, w.covered_s, w.width_s * w.inputs AS expected_s,
           w.count, w.min_milli, w.max_milli, w.mean_milli, w.version, w.updated_at
    FROM window_rows w JOIN series s USING (series_no);
