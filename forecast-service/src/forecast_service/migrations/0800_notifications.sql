-- What is told to people outside: one row for each target and event, so that nobody hears the same twice, also after a
-- restart. Kept as a record of who was told what and when; it may be pruned by age, unlike evidence.
CREATE TABLE forecast.notifications (
  target     text NOT NULL,
  event_key  text NOT NULL,
  about      text NOT NULL,
  event      jsonb NOT NULL,
  queued_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries      integer NOT NULL DEFAULT 0,
  due_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at   timestamptz,
  outcome    text CHECK (outcome IN ('delivered', 'refused', 'given_up', 'folded')),
  said       text NOT NULL DEFAULT '',
  PRIMARY KEY (target, event_key),
  CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
COMMENT ON COLUMN forecast.notifications.about IS 'rule and subject: a second finding soon after the first is folded';
COMMENT ON COLUMN forecast.notifications.said IS 'how the last try ended, without address or content';
CREATE INDEX notifications_due ON forecast.notifications (due_at) WHERE ended_at IS NULL;
CREATE INDEX notifications_about ON forecast.notifications (target, about, queued_at DESC);

-- How far the tables of events have been read.
CREATE TABLE forecast.notification_marks (
  source text PRIMARY KEY,
  seen   bigint NOT NULL
);
