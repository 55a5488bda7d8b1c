-- Runs and values are evidence: what was forecast, when it was made, what the database saw. They are
-- never changed; a better forecast is another run.

CREATE TABLE forecast.runs (
  run_id         text PRIMARY KEY,
  product_id     text NOT NULL,
  slot           timestamptz NOT NULL,
  version        int NOT NULL,
  issued_at      timestamptz NOT NULL,
  recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  delivery_start timestamptz NOT NULL,
  gate_closure   timestamptz NOT NULL,
  levels_bps     int[] NOT NULL,
  model_name     text NOT NULL,
  model_version  text NOT NULL,
  model_hash     text NOT NULL,
  feature_hash   text NOT NULL,
  document       jsonb NOT NULL,
  UNIQUE (product_id, slot, version)
);

CREATE TABLE forecast.values (
  run_id       text NOT NULL REFERENCES forecast.runs,
  series_id    text NOT NULL,
  target_start timestamptz NOT NULL,
  resolution_s int NOT NULL,
  issued_at    timestamptz NOT NULL,
  values_milli bigint[] NOT NULL,
  model        text NOT NULL,
  rung         smallint NOT NULL,
  data_age_s   int NOT NULL,
  PRIMARY KEY (series_id, target_start, run_id)
);
CREATE INDEX values_by_target ON forecast.values (target_start);

-- The analogue baseline for the same series, targets and moment as every served value, so that the
-- comparison with it is made on forecasts that were issued, not computed afterwards.
CREATE TABLE forecast.baseline_values (
  run_id       text NOT NULL REFERENCES forecast.runs,
  series_id    text NOT NULL,
  target_start timestamptz NOT NULL,
  values_milli bigint[] NOT NULL,
  PRIMARY KEY (series_id, target_start, run_id)
);

CREATE FUNCTION forecast.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'forecast.% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON forecast.runs
  FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON forecast.values
  FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON forecast.baseline_values
  FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.runs
  FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.values
  FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.baseline_values
  FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();

-- Written with the run, flagged after Kafka acknowledged: a crash between the two sends it again.
CREATE TABLE forecast.outbox (
  run_id       text PRIMARY KEY REFERENCES forecast.runs,
  slot         timestamptz NOT NULL,
  traceparent  text NOT NULL,
  published_at timestamptz
);
CREATE INDEX outbox_pending ON forecast.outbox (slot) WHERE published_at IS NULL;

CREATE TABLE forecast.seals (
  run_id       text PRIMARY KEY,
  state        text NOT NULL,
  tx_hash      text,
  block_number bigint,
  block_time   timestamptz,
  document     jsonb NOT NULL,
  updated_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX seals_by_state ON forecast.seals (state);
CREATE INDEX seals_by_change ON forecast.seals (updated_at);

-- P1 and P99 of what a series did, from its complete windows: the scale of its scores.
CREATE TABLE forecast.series_ranges (
  series_id   text PRIMARY KEY,
  p01_milli   bigint NOT NULL,
  p99_milli   bigint NOT NULL,
  windows     bigint NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE forecast.scores (
  run_id            text NOT NULL,
  series_id         text NOT NULL,
  target_start      timestamptz NOT NULL,
  kind              text NOT NULL,
  model             text NOT NULL,
  actual_milli      bigint NOT NULL,
  window_version    int NOT NULL,
  range_milli       bigint NOT NULL,
  level_ratios      double precision[] NOT NULL,
  pinball_ratio     double precision NOT NULL,
  covered_90        boolean,
  baseline_ratio    double precision NOT NULL,
  baseline_covered_90 boolean,
  scored_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (series_id, target_start, run_id)
);

-- What the scheduler and the workers did, and what they refused, with the reason.
CREATE TABLE forecast.job_runs (
  job_id      text PRIMARY KEY,
  kind        text NOT NULL CHECK (kind IN ('forecast', 'train')),
  product_id  text NOT NULL DEFAULT '',
  slot        timestamptz,
  state       text NOT NULL,
  attempt     int NOT NULL DEFAULT 1,
  missed      int NOT NULL DEFAULT 0,
  detail      text NOT NULL DEFAULT '',
  domain_at   timestamptz NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz
);
CREATE INDEX job_runs_by_kind ON forecast.job_runs (kind, started_at DESC);
