-- One row per run that asked for a seal. The row is stored before the Kafka offset is, and its secret
-- is made with it: the salts of all leaves come from the secret, so it must never change.
CREATE TABLE settlement.batches (
  run_id       text PRIMARY KEY,
  sequence     bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  product_id   text NOT NULL,
  slot         timestamptz NOT NULL,
  version      int NOT NULL,
  gate_closure timestamptz NOT NULL,
  document     bytea NOT NULL,
  secret       bytea NOT NULL CHECK (length(secret) = 32),
  root         text NOT NULL,
  state        text NOT NULL CHECK (state IN ('built', 'signed', 'sent', 'mined', 'late', 'failed')),
  batch_hash   text,
  tx_hash      text,
  block_number bigint,
  block_hash   text,
  block_time   timestamptz,
  authority    text,
  chain_id     bigint,
  registry     text,
  deployment   text,
  detail       text NOT NULL DEFAULT '',
  received_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX batches_open ON settlement.batches (sequence) WHERE state IN ('built', 'signed', 'sent');
CREATE INDEX batches_by_tx ON settlement.batches (tx_hash);
CREATE INDEX batches_mined ON settlement.batches (block_number) WHERE state = 'mined';

-- Every signature ever made for a run. A run is signed again when its place in the authority's chain
-- (nonce, previous batch) has changed before it was mined.
CREATE TABLE settlement.signings (
  batch_hash text PRIMARY KEY,
  run_id     text NOT NULL REFERENCES settlement.batches,
  nonce      bigint NOT NULL,
  prev_batch text NOT NULL,
  batch      jsonb NOT NULL,
  signature  bytea NOT NULL,
  signed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX signings_by_run ON settlement.signings (run_id);

-- Every transaction ever signed, stored before it is sent.
CREATE TABLE settlement.transactions (
  tx_hash    text PRIMARY KEY,
  run_id     text NOT NULL REFERENCES settlement.batches,
  batch_hash text NOT NULL REFERENCES settlement.signings,
  tx_nonce   bigint NOT NULL,
  max_fee    numeric NOT NULL,
  raw        bytea NOT NULL,
  made_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_at    timestamptz
);
CREATE INDEX transactions_by_run ON settlement.transactions (run_id, made_at);

-- What goes to forecasts.sealed, written with the change it tells of.
CREATE TABLE settlement.seal_events (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id       text NOT NULL,
  document     bytea NOT NULL,
  made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  published_at timestamptz
);
CREATE INDEX seal_events_pending ON settlement.seal_events (id) WHERE published_at IS NULL;

-- Messages that are no run of forecasts: kept with the reason.
CREATE TABLE settlement.refused (
  topic       text NOT NULL,
  partition   int NOT NULL,
  kafka_offset bigint NOT NULL,
  reason      text NOT NULL,
  detail      text NOT NULL,
  payload     bytea NOT NULL,
  refused_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (topic, partition, kafka_offset)
);
