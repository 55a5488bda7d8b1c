-- Some of the receipts that were sent, for proofs: at most one per life of a device and interval. Bounded by age.
CREATE TABLE kept_receipts (
    device_id text NOT NULL,
    boot_id   text NOT NULL,
    issued_at timestamptz NOT NULL,               -- wall clock, as signed
    content   bytea NOT NULL,                     -- as it was sent, signature and all
    PRIMARY KEY (device_id, issued_at, boot_id)
);
CREATE INDEX kept_receipts_by_age ON kept_receipts USING brin (issued_at);
