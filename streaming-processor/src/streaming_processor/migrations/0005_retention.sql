-- What is removed when it gets old; the caller says what is old, on its own clock.

-- Partitions of readings that end before a moment, oldest first. None where readings are a hypertable.
CREATE FUNCTION months_before(moment timestamptz) RETURNS TABLE (part text, first_day date) LANGUAGE sql STABLE AS $$
    SELECT c.relname::text, to_date(right(c.relname, 6), 'YYYYMM')
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'telemetry.reading_rows'::regclass AND c.relname ~ '^reading_rows_\d{6}$'
      AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC' <= moment
    ORDER BY 2
$$;

-- Whole chunks of a hypertable that end before a moment; how many. 0 where the table is none.
CREATE FUNCTION drop_chunks_before(part regclass, moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    dropped integer := 0;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
       AND (SELECT relkind FROM pg_class WHERE oid = 'telemetry.reading_rows'::regclass) <> 'p' THEN
        EXECUTE 'SELECT count(*) FROM drop_chunks($1, older_than => $2)' INTO dropped USING part, moment;
    END IF;
    RETURN dropped;
END
$$;
