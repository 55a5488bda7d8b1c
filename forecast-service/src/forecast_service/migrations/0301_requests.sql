-- Forecasts on request: asked for by the API, taken by one worker at a time, told by NOTIFY.
CREATE TABLE forecast.requests (
  request_id      uuid PRIMARY KEY,
  idempotency_key text UNIQUE,
  state           text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
  attempt         int NOT NULL DEFAULT 0,
  requested_at    timestamptz NOT NULL,
  body            jsonb NOT NULL,
  answer          jsonb,
  detail          text NOT NULL DEFAULT '',
  recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  started_at      timestamptz,
  finished_at     timestamptz
);
CREATE INDEX requests_open ON forecast.requests (recorded_at) WHERE state IN ('queued', 'running');
