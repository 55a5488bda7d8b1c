-- One row per account that sends; it is locked while a nonce is given away.
CREATE TABLE settlement.accounts (
  deployment text NOT NULL,
  key_name   text NOT NULL,
  PRIMARY KEY (deployment, key_name)
);

-- Calls that were ordered, and how far they came. The writer of a key alone changes its rows.
CREATE TABLE settlement.orders (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  deployment      text NOT NULL,
  key_name        text NOT NULL,
  contract        text NOT NULL,
  method          text NOT NULL,
  calldata        bytea NOT NULL,
  gas_limit       bigint,
  idempotency_key text NOT NULL,
  not_after       timestamptz,
  state           text NOT NULL CHECK (state IN ('none', 'signed', 'sent', 'mined', 'final', 'failed')),
  nonce           bigint,
  tx_hash         text,
  block_number    bigint,
  block_hash      text,
  block_time      bigint,
  succeeded       boolean,
  settled         boolean NOT NULL DEFAULT false,
  detail          text NOT NULL DEFAULT '',
  ordered_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (deployment, idempotency_key)
);
CREATE INDEX orders_unsettled ON settlement.orders (deployment, key_name, id) WHERE NOT settled;

-- Every transaction ever signed, stored before it is sent. Without an order it only fills a gap of nonces.
CREATE TABLE settlement.attempts (
  tx_hash      text PRIMARY KEY,
  deployment   text NOT NULL,
  key_name     text NOT NULL,
  order_id     bigint REFERENCES settlement.orders,
  nonce        bigint NOT NULL,
  gas          bigint NOT NULL,
  max_fee      numeric NOT NULL,
  priority_fee numeric NOT NULL,
  raw          bytea NOT NULL,
  made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_at      timestamptz
);
CREATE INDEX attempts_by_order ON settlement.attempts (order_id, made_at);
CREATE INDEX attempts_by_nonce ON settlement.attempts (deployment, key_name, nonce);
