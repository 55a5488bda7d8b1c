CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS device (
    device_id         TEXT PRIMARY KEY,
    boot_id           TEXT NOT NULL,
    next_seq          INTEGER NOT NULL,
    cursor_ms         INTEGER,           -- domain time of the last period start handled; NULL before the first
    messages_enqueued INTEGER NOT NULL DEFAULT 0,
    readings_enqueued INTEGER NOT NULL DEFAULT 0,
    messages_delivered INTEGER NOT NULL DEFAULT 0,
    readings_delivered INTEGER NOT NULL DEFAULT 0,
    messages_refused  INTEGER NOT NULL DEFAULT 0,
    readings_refused  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS message (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id  TEXT NOT NULL,
    boot_id    TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    readings   INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    payload    BLOB NOT NULL,
    UNIQUE (device_id, boot_id, seq)
) STRICT;

CREATE TABLE IF NOT EXISTS refused (
    device_id  TEXT NOT NULL,
    boot_id    TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    readings   INTEGER NOT NULL,
    refused_ms INTEGER NOT NULL,
    payload    BLOB,                     -- NULL once the agent's space for refused payloads is used up
    PRIMARY KEY (device_id, boot_id, seq)
) STRICT;

-- Receipts as proof of what they settled: per life the newest, and earlier ones that it does not cover.
CREATE TABLE IF NOT EXISTS proof (
    device_id TEXT NOT NULL,
    boot_id   TEXT NOT NULL,
    receipt   BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS proof_by_life ON proof (device_id, boot_id);

-- Refused messages that somebody asked to be sent again; the running agent sees to it.
CREATE TABLE IF NOT EXISTS resend (
    device_id TEXT NOT NULL,
    boot_id   TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (device_id, boot_id, seq)
) STRICT;
