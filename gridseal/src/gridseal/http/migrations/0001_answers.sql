-- First answers by Idempotency-Key, of all services; rows die a day after they were begun.
CREATE TABLE http.answers (
  service     text NOT NULL,
  route       text NOT NULL,
  key         text NOT NULL,
  fingerprint bytea NOT NULL,
  status      int,
  headers     jsonb NOT NULL DEFAULT '{}',
  body        bytea NOT NULL DEFAULT '',
  begun_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (service, route, key)
);
CREATE INDEX answers_by_end ON http.answers (expires_at);
COMMENT ON COLUMN http.answers.status IS 'null while the first request is being answered';
