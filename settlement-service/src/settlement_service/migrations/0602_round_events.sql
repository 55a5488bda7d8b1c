-- What goes to rounds.changed, written with the events of the chain it tells of.
CREATE TABLE settlement.round_events (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  round_key    text NOT NULL,
  document     bytea NOT NULL,
  made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  published_at timestamptz
);
CREATE INDEX round_events_pending ON settlement.round_events (id) WHERE published_at IS NULL;
