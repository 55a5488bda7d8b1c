-- Sign-In with Ethereum. Moments are wall time. What a cookie holds stands here as its SHA-256 only.
CREATE TABLE settlement.signin_nonces (
  nonce      text PRIMARY KEY,
  browser    bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX signin_nonces_by_end ON settlement.signin_nonces (expires_at);

CREATE TABLE settlement.sessions (
  token      bytea PRIMARY KEY,
  address    text NOT NULL,
  chain_id   bigint NOT NULL,
  expires_at timestamptz NOT NULL,
  opened_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sessions_by_end ON settlement.sessions (expires_at);
