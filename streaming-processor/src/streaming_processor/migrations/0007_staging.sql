-- Where the tasks of Spark put judged readings before the driver merges them, all in its one transaction.
-- Not logged: after a crash of the server the batch is read again.
CREATE UNLOGGED TABLE staged_by_tasks (
    query_id text NOT NULL,
    batch_id bigint NOT NULL,
    part integer NOT NULL,
    n integer NOT NULL,
    device integer NOT NULL,
    quantity_no smallint NOT NULL,
    period_start timestamptz NOT NULL,
    period_s integer NOT NULL,
    value_milli bigint NOT NULL,
    quality_no smallint NOT NULL,
    sent_at_ms bigint NOT NULL
);
CREATE INDEX staged_by_batch ON staged_by_tasks (query_id, batch_id, part);
COMMENT ON COLUMN staged_by_tasks.device IS 'position of the device in the picture of the catalog that the batch was judged by';
