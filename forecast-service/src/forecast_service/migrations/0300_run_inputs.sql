-- What a run was computed from: every window it saw and the catalog it followed, as what this process had
-- not written with an earlier run. Windows are corrected later, so they cannot be read again from telemetry.
CREATE TABLE forecast.run_inputs (
  run_id  text PRIMARY KEY REFERENCES forecast.runs,
  lineage uuid NOT NULL,
  seq     int NOT NULL,
  payload bytea NOT NULL,
  UNIQUE (lineage, seq)
);
ALTER TABLE forecast.run_inputs ALTER COLUMN payload SET STORAGE EXTERNAL;  -- compressed already

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON forecast.run_inputs
  FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.run_inputs
  FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
