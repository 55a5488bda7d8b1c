-- Feature vectors: every version that ever was, and which have to be computed next.

CREATE TABLE feature_groups (
    group_no smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL,
    record jsonb NOT NULL,
    UNIQUE (name, version)
);

-- Rows are only ever added; a correction is a new version with a later available_at.
CREATE TABLE vector_rows (
    group_no smallint NOT NULL,
    series_no integer NOT NULL,
    horizon_s integer NOT NULL,
    issued_at timestamptz NOT NULL,
    version integer NOT NULL,
    region_id text NOT NULL,
    target_start timestamptz NOT NULL,
    target_end timestamptz NOT NULL,
    available_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    feature_values double precision[] NOT NULL,
    imputed jsonb NOT NULL,
    ages_s jsonb NOT NULL,
    PRIMARY KEY (group_no, series_no, horizon_s, issued_at, version)
);

DO $migrate$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM create_hypertable('vector_rows', 'issued_at', chunk_time_interval => interval '30 days',
                                  create_default_indexes => false);
    END IF;
END
$migrate$;

-- Windows whose vectors have to be computed: entered with every change, deleted once others were told.
CREATE TABLE vector_due (
    series_no integer NOT NULL,
    width_s integer NOT NULL,
    window_start timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    changes bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (series_no, width_s, window_start)
);

CREATE TABLE normalizations (
    name text NOT NULL,
    group_version integer NOT NULL,
    version integer NOT NULL,
    parameters jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, group_version, version)
);

CREATE VIEW vectors AS
    SELECT g.name AS group_name, g.version AS group_version, v.region_id, s.series_id, v.horizon_s, v.issued_at,
           v.version, v.target_start, v.target_end, v.available_at, v.recorded_at, v.feature_values, v.imputed, v.ages_s
    FROM vector_rows v JOIN feature_groups g USING (group_no) JOIN series s USING (series_no);
