-- What rolling calibration has learned: per product, kind, rung and lead bucket the offsets of each level in
-- units of the band width. Written by the leading scheduler alone.
CREATE TABLE forecast.calibration (
  product_id text NOT NULL,
  kind       text NOT NULL,
  rung       smallint NOT NULL,
  bucket     smallint NOT NULL,
  levels_bps int[] NOT NULL,
  offsets    double precision[] NOT NULL,
  days       double precision NOT NULL,
  until      timestamptz NOT NULL,
  model      text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (product_id, kind, rung, bucket)
);

-- Up to which target end outcomes were looked at.
CREATE TABLE forecast.calibration_progress (
  product_id text PRIMARY KEY,
  until      timestamptz NOT NULL
);

-- The offsets of each slot's run, fixed before it is computed: a second worker, a retry and a replay take these.
CREATE TABLE forecast.run_calibrations (
  product_id text NOT NULL,
  slot       timestamptz NOT NULL,
  levels_bps int[] NOT NULL,
  offsets    jsonb NOT NULL,
  pinned_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (product_id, slot)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON forecast.run_calibrations
  FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.run_calibrations
  FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
