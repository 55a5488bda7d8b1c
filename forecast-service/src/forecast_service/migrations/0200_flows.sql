-- What the scheduler runs and when. Seeded from the program; what an operator changes here stays.
CREATE TABLE forecast.flows (
  flow        text PRIMARY KEY,
  cron        text,
  timezone    text NOT NULL DEFAULT 'UTC',
  data_step_s int CHECK (data_step_s > 0),
  enabled     boolean NOT NULL DEFAULT true,
  retries     int NOT NULL DEFAULT 3 CHECK (retries >= 0),
  retry_s     int NOT NULL DEFAULT 60 CHECK (retry_s >= 0),
  updated_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN forecast.flows.data_step_s IS 'runs when its data has moved on by so much domain time';

-- Every run of a flow is a row of job_runs, beside the slot jobs and trainings that were there before.
ALTER TABLE forecast.job_runs DROP CONSTRAINT job_runs_kind_check;
ALTER TABLE forecast.job_runs ADD CONSTRAINT job_runs_kind_check CHECK (kind IN ('forecast', 'train', 'flow'));
ALTER TABLE forecast.job_runs
  ADD COLUMN flow text,
  ADD COLUMN cause text NOT NULL DEFAULT 'schedule',
  ADD COLUMN reason text NOT NULL DEFAULT '',
  ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN request_key text,
  ADD COLUMN next_try_at timestamptz,
  ADD COLUMN data_until timestamptz;
UPDATE forecast.job_runs SET flow = CASE kind WHEN 'train' THEN 'retrain' ELSE 'forecast-' || product_id END;
ALTER TABLE forecast.job_runs ALTER COLUMN flow SET NOT NULL;
CREATE INDEX job_runs_by_flow ON forecast.job_runs (flow, started_at DESC);
CREATE UNIQUE INDEX job_runs_by_request ON forecast.job_runs (flow, request_key);
-- Of one flow at most one run is waiting, running or between two tries.
CREATE UNIQUE INDEX job_runs_open ON forecast.job_runs (flow)
  WHERE kind <> 'forecast' AND state IN ('queued', 'running', 'retrying');

-- What the newest days are compared with: the features a model was trained on, kept as they were then.
CREATE TABLE forecast.drift_references (
  reference_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dataset      text NOT NULL,
  made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  made_for     text NOT NULL,
  data_from    timestamptz NOT NULL,
  data_until   timestamptz NOT NULL,
  rows         bigint NOT NULL,
  parquet      bytea NOT NULL
);
CREATE INDEX drift_references_newest ON forecast.drift_references (dataset, reference_no DESC);

-- Rolling figures of what matured, one row per look and group: accuracy over time, and why a model was trained again.
CREATE TABLE forecast.performance (
  looked_at    timestamptz NOT NULL,
  product_id   text NOT NULL,
  kind         text NOT NULL,
  model        text NOT NULL,
  data_from    timestamptz NOT NULL,
  data_until   timestamptz NOT NULL,
  forecasts    bigint NOT NULL,
  mae          double precision NOT NULL,
  rmse         double precision NOT NULL,
  mape_percent double precision,
  pinball_ratio double precision NOT NULL,
  baseline_ratio double precision NOT NULL,
  coverage_80  double precision,
  coverage_90  double precision,
  PRIMARY KEY (product_id, kind, model, looked_at)
);
COMMENT ON COLUMN forecast.performance.mae IS 'of the median, in the base unit of the kind (W; MWh for the demand model)';

CREATE INDEX scores_by_target ON forecast.scores (target_start);
