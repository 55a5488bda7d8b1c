-- One row per slot that is settled. The chain is the truth; this is what the service needs to go on.
CREATE TABLE settlement.rounds (
  product_id text NOT NULL,
  slot       timestamptz NOT NULL,
  deployment text NOT NULL,
  due_at     timestamptz NOT NULL,
  state      text NOT NULL DEFAULT 'waiting',
  detail     text NOT NULL DEFAULT '',
  ended      boolean NOT NULL DEFAULT false,
  made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (product_id, slot)
);
CREATE INDEX rounds_open ON settlement.rounds (due_at) WHERE NOT ended;

-- Every version of the measured values that was proposed, kept before it is sent: whoever wants to reveal, to dispute
-- or to check needs the values and their salts.
CREATE TABLE settlement.actuals (
  product_id text NOT NULL,
  slot       timestamptz NOT NULL,
  version    int NOT NULL,
  root       text NOT NULL,
  secret     bytea NOT NULL CHECK (length(secret) = 32),
  items      jsonb NOT NULL,
  made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (product_id, slot, version),
  FOREIGN KEY (product_id, slot) REFERENCES settlement.rounds
);

-- What the contracts said, as events. The newest blocks are read again and replaced, so that a reorganization of the
-- chain leaves nothing behind.
CREATE TABLE settlement.chain_events (
  deployment   text NOT NULL,
  block_number bigint NOT NULL,
  log_index    int NOT NULL,
  block_hash   text NOT NULL,
  block_time   timestamptz NOT NULL,
  tx_hash      text NOT NULL,
  contract     text NOT NULL,
  event        text NOT NULL,
  product_hash text,
  slot         timestamptz,
  account      text,
  arguments    jsonb NOT NULL,
  PRIMARY KEY (deployment, block_number, log_index)
);
CREATE INDEX chain_events_of_slot ON settlement.chain_events (product_hash, slot);
CREATE INDEX chain_events_by_name ON settlement.chain_events (event, block_number);

CREATE TABLE settlement.chain_cursor (
  deployment text PRIMARY KEY,
  block      bigint NOT NULL
);

-- Recalibrations that an operator asked for on the chain, and what became of them.
CREATE TABLE settlement.overrides (
  deployment    text NOT NULL,
  request_id    bigint NOT NULL,
  product_id    text,
  product_hash  text NOT NULL,
  operator      text NOT NULL,
  reason_hash   text NOT NULL,
  reason        text,
  asked_at      timestamptz NOT NULL,
  tx_hash       text NOT NULL,
  state         text NOT NULL DEFAULT 'asked',
  flow          text,
  job_id        text,
  detail        text NOT NULL DEFAULT '',
  done_at       timestamptz,
  model_name    text,
  model_version text,
  first_run_id  text,
  PRIMARY KEY (deployment, request_id)
);
CREATE INDEX overrides_open ON settlement.overrides (deployment, request_id) WHERE state <> 'linked';
