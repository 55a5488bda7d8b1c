-- What devices have been promised, one row per life of a device. Written behind the receipts themselves.
CREATE TABLE receipts (
    device_id  text NOT NULL,
    boot_id    text NOT NULL,
    durable    int8multirange NOT NULL,          -- sequence numbers that Kafka has, delivered or refused
    refused    jsonb NOT NULL DEFAULT '{}',      -- the newest refused ones: {"seq": "reason"}
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device_id, boot_id)
) WITH (fillfactor = 70);

-- Every key that ever signed a receipt, so that old receipts stay checkable.
CREATE TABLE receipt_keys (
    key_id        text PRIMARY KEY,
    public_key    bytea NOT NULL CHECK (length(public_key) = 32),
    first_used_at timestamptz NOT NULL DEFAULT now()
);

-- Devices of which the gateway knows more than their catalog entry: that they were enrolled, or revoked.
CREATE TABLE devices (
    device_id   text PRIMARY KEY,
    enrolled_at timestamptz NOT NULL DEFAULT now(),
    revoked_at  timestamptz,
    reason      text NOT NULL DEFAULT '',
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX devices_by_change ON devices (changed_at);

-- Keys with which devices sign their payloads; an earlier key stays, for the auditor.
CREATE TABLE device_keys (
    device_id  text NOT NULL REFERENCES devices,
    key_id     text NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_to   timestamptz,
    PRIMARY KEY (device_id, key_id)
);
