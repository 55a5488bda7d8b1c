-- Every reading that a quality rule found, the second values of a period, and devices that fell silent.

CREATE TABLE quality_hits (
    period_start timestamptz NOT NULL,
    device_no integer NOT NULL,
    quantity_no smallint NOT NULL,
    rule text NOT NULL,
    rule_version smallint NOT NULL,
    period_s integer NOT NULL,
    value_milli bigint NOT NULL,
    found_by text NOT NULL CHECK (found_by IN ('stream', 'check')),
    found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (period_start, device_no, quantity_no, rule)
) PARTITION BY RANGE (period_start);

CREATE FUNCTION ensure_hits_month(month date) RETURNS void LANGUAGE plpgsql AS $$
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

-- The same id as an alert's: 32 hex digits of SHA-256 over rule, subject and start.
CREATE VIEW hits AS
    SELECT left(encode(sha256(convert_to(h.rule || '|' || d.device_id || '/' || q.quantity || '|'
                || (extract(epoch FROM h.period_start) * 1000)::bigint, 'UTF8')), 'hex'), 32) AS hit_id,
           h.rule, h.rule_version, d.device_id, q.quantity, h.period_start, h.period_s, h.value_milli,
           h.found_by, h.found_at
    FROM quality_hits h JOIN devices d USING (device_no) JOIN quantities q USING (quantity_no);

CREATE TABLE conflicts (
    device_no integer NOT NULL,
    quantity_no smallint NOT NULL,
    period_start timestamptz NOT NULL,
    offered_milli bigint NOT NULL,
    kept_milli bigint NOT NULL,
    sent_at_ms bigint NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (device_no, quantity_no, period_start, offered_milli)
);

CREATE TABLE silences (
    device_no integer NOT NULL,
    since timestamptz NOT NULL,
    raised_at timestamptz NOT NULL,
    back_at timestamptz,
    told boolean NOT NULL DEFAULT false,
    PRIMARY KEY (device_no, since)
);
CREATE UNIQUE INDEX silences_open ON silences (device_no) WHERE back_at IS NULL;
CREATE INDEX silences_untold ON silences (told) WHERE NOT told;

-- Up to where the check over settled readings has come.
CREATE TABLE quality_checked (one boolean PRIMARY KEY DEFAULT true CHECK (one), up_to timestamptz NOT NULL);

CREATE FUNCTION drop_quality_before(horizon timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
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
