-- What happened to every version of every model, and why. Evidence like runs: rows are never changed.
CREATE TABLE forecast.model_events (
  event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  model_name  text NOT NULL,
  version     text NOT NULL,
  model_hash  text NOT NULL,
  kind        text NOT NULL
    CHECK (kind IN ('published', 'refused', 'staged', 'approved', 'promoted', 'rolled_back')),
  reason      text NOT NULL,
  by          text NOT NULL,
  figures     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX model_events_by_model ON forecast.model_events (model_name, event_id DESC);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON forecast.model_events
  FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.model_events
  FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
