-- What people did about alerts. Evidence: who acknowledged what is never changed, a state is what its actions add up to.
CREATE TABLE forecast.alert_actions (
  action_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert_id    text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  at          timestamptz NOT NULL,
  action      text NOT NULL CHECK (action IN ('acknowledge', 'snooze', 'resolve', 'reopen')),
  by          text NOT NULL,
  note        text NOT NULL DEFAULT '',
  until       timestamptz,
  request_key text,
  CHECK ((action = 'snooze') = (until IS NOT NULL))
);
COMMENT ON COLUMN forecast.alert_actions.at IS 'domain time, as that of the alert; recorded_at is the wall clock';
CREATE INDEX alert_actions_by_alert ON forecast.alert_actions (alert_id, action_id);
CREATE UNIQUE INDEX alert_actions_by_request ON forecast.alert_actions (alert_id, request_key);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON forecast.alert_actions
  FOR EACH ROW EXECUTE FUNCTION forecast.refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON forecast.alert_actions
  FOR EACH STATEMENT EXECUTE FUNCTION forecast.refuse_change();
