-- What a batch needs besides its own row: whether others were told of it, what came late, and signed messages whole.
ALTER TABLE ledger ADD COLUMN late integer NOT NULL DEFAULT 0;
ALTER TABLE ledger ADD COLUMN began_at timestamptz;
ALTER TABLE ledger ADD COLUMN told_at timestamptz;
COMMENT ON COLUMN ledger.late IS 'inserted readings that fell into a window which a newer one of its series had followed';
UPDATE ledger SET began_at = committed_at, told_at = committed_at;
CREATE INDEX ledger_untold ON ledger (began_at) WHERE told_at IS NULL;
CREATE INDEX ledger_committed ON ledger (committed_at);

-- Counted over batches that were removed from the ledger, so that totals outlive them.
CREATE TABLE ledger_removed (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    batches bigint NOT NULL DEFAULT 0,
    messages bigint NOT NULL DEFAULT 0,
    inserted bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    undecodable bigint NOT NULL DEFAULT 0,
    late bigint NOT NULL DEFAULT 0
);
INSERT INTO ledger_removed DEFAULT VALUES;

CREATE TABLE signed_messages (
    device_id text NOT NULL,
    boot_id text NOT NULL,
    seq bigint NOT NULL,
    payload bytea NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (device_id, boot_id, seq)
);
COMMENT ON TABLE signed_messages IS 'messages with a signature, byte for byte, for whoever verifies them again';

-- What retention removed, once for each run and store.
CREATE TABLE retention_runs (
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    store text NOT NULL,
    removed bigint NOT NULL,
    before timestamptz NOT NULL
);
CREATE INDEX refused_at ON refused (refused_at);

-- Units of the series decide whether an integral over time is energy.
ALTER TABLE series ADD COLUMN unit text NOT NULL DEFAULT 'W';

CREATE OR REPLACE VIEW windows AS
    SELECT s.series_id, w.width_s, w.window_start, w.weighted_sum, w.covered_s, w.width_s * w.inputs AS expected_s,
           w.count, w.min_milli, w.max_milli, w.mean_milli, w.version, w.updated_at,
           CASE WHEN s.unit IN ('W', 'var', 'V.A') THEN w.weighted_sum / 3600 END AS energy_milli
    FROM window_rows w JOIN series s USING (series_no);
COMMENT ON COLUMN windows.energy_milli IS 'thousandths of W.h (var.h, V.A.h), cut to whole ones; null for other units';

CREATE VIEW window_ramps AS
    SELECT s.series_id, w.width_s, w.window_start, w.mean_milli - p.mean_milli AS delta_milli,
           (w.mean_milli - p.mean_milli) * 3600 / w.width_s AS ramp_milli_per_h, w.version
    FROM window_rows w JOIN series s USING (series_no)
         JOIN window_rows p ON p.series_no = w.series_no AND p.width_s = w.width_s
              AND p.window_start = w.window_start - w.width_s * interval '1 second'
    WHERE w.covered_s = w.width_s * w.inputs AND p.covered_s = p.width_s * p.inputs;
COMMENT ON VIEW window_ramps IS
    'change of the mean from the window before, and per hour; only where both are complete. Computed when read: a late'
    ' reading corrects two ramps by correcting one window';
