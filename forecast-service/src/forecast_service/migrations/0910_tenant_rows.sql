-- Every row that a route may show says whose it is, in a column, so that the services themselves can run under row level
-- security: gridseal_service is gridseal_tenant that may also write what services write, for its tenant alone.
-- Rows of a run are of the run's tenant, whoever writes them; others are of the tenant that the connection speaks for.
-- See gridseal/access/migrations/0001_access.sql: where services may not create roles, whoever makes the database has.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridseal_service') THEN
    CREATE ROLE gridseal_service NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another service was first
END $$;
DO $$ BEGIN
  IF NOT pg_has_role('gridseal_service', 'gridseal_tenant', 'MEMBER') THEN
    GRANT gridseal_tenant TO gridseal_service;
  END IF;
  IF NOT pg_has_role(current_user, 'gridseal_service', 'MEMBER') THEN
    EXECUTE format('GRANT gridseal_service TO %I', current_user);
  END IF;
END $$;

CREATE FUNCTION forecast.own_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.tenant_id := coalesce((SELECT tenant_id FROM forecast.runs WHERE run_id = NEW.run_id), NEW.tenant_id);
  RETURN NEW;
END $$;
CREATE FUNCTION forecast.own_of_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.tenant_id := coalesce(NEW.document ->> 'tenant_id', NEW.tenant_id);
  RETURN NEW;
END $$;

DO $migrate$
DECLARE
  mine CONSTANT text := 'coalesce(nullif(current_setting(''gridseal.tenant'', true), ''''), ''demo'')';
  own CONSTANT text := 'tenant_id = (SELECT current_setting(''gridseal.tenant'', true))';
  of_runs CONSTANT text[] := ARRAY['values', 'baseline_values', 'seals', 'scores', 'run_inputs', 'outbox'];
  first text := (SELECT document ->> 'tenant_id' FROM forecast.runs LIMIT 1);
  several boolean;
  name text;
BEGIN
  first := coalesce(first, nullif(current_setting('gridseal.tenant', true), ''), 'demo');
  several := EXISTS (SELECT FROM forecast.runs WHERE document ->> 'tenant_id' <> first);
  FOREACH name IN ARRAY of_runs || ARRAY['runs', 'requests', 'flows', 'job_runs', 'pages', 'model_events',
                                         'alert_actions'] LOOP
    EXECUTE format('ALTER TABLE forecast.%I ADD COLUMN tenant_id text NOT NULL DEFAULT %L', name, first);
    EXECUTE format('ALTER TABLE forecast.%I ALTER COLUMN tenant_id SET DEFAULT %s', name, mine);
    EXECUTE format('DROP POLICY IF EXISTS one_tenant ON forecast.%I', name);
    EXECUTE format('ALTER TABLE forecast.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_tenant ON forecast.%I FOR SELECT TO gridseal_tenant USING (%s)', name, own);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['requests', 'flows', 'job_runs', 'pages', 'model_events', 'alert_actions'] LOOP
    EXECUTE format('CREATE POLICY own_new ON forecast.%I FOR INSERT TO gridseal_service WITH CHECK (%s)', name, own);
    EXECUTE format('CREATE POLICY own_kept ON forecast.%I FOR UPDATE TO gridseal_service USING (%s)', name, own);
  END LOOP;
  IF several THEN
    ALTER TABLE forecast.runs DISABLE TRIGGER USER;
    UPDATE forecast.runs SET tenant_id = document ->> 'tenant_id' WHERE document ->> 'tenant_id' <> first;
    ALTER TABLE forecast.runs ENABLE TRIGGER USER;
  END IF;
  FOREACH name IN ARRAY of_runs LOOP
    IF several THEN
      EXECUTE format('ALTER TABLE forecast.%I DISABLE TRIGGER USER', name);
      EXECUTE format('UPDATE forecast.%I c SET tenant_id = r.tenant_id FROM forecast.runs r
        WHERE r.run_id = c.run_id AND r.tenant_id <> c.tenant_id', name);
      EXECUTE format('ALTER TABLE forecast.%I ENABLE TRIGGER USER', name);
    END IF;
    EXECUTE format('CREATE TRIGGER own_of_run BEFORE INSERT ON forecast.%I
      FOR EACH ROW EXECUTE FUNCTION forecast.own_of_run()', name);
  END LOOP;
END
$migrate$;
CREATE TRIGGER own_of_document BEFORE INSERT ON forecast.runs
  FOR EACH ROW EXECUTE FUNCTION forecast.own_of_document();
COMMENT ON COLUMN forecast.runs.tenant_id IS 'as its document says';

-- What tenants may name alike.
ALTER TABLE forecast.requests DROP CONSTRAINT requests_idempotency_key_key;
ALTER TABLE forecast.requests ADD UNIQUE (tenant_id, idempotency_key);
ALTER TABLE forecast.flows DROP CONSTRAINT flows_pkey;
ALTER TABLE forecast.flows ADD PRIMARY KEY (tenant_id, flow);
ALTER TABLE forecast.pages DROP CONSTRAINT pages_pkey;
ALTER TABLE forecast.pages ADD PRIMARY KEY (tenant_id, name);
DROP INDEX forecast.job_runs_by_request;
CREATE UNIQUE INDEX job_runs_by_request ON forecast.job_runs (tenant_id, flow, request_key);
DROP INDEX forecast.job_runs_open;
CREATE UNIQUE INDEX job_runs_open ON forecast.job_runs (tenant_id, flow)
  WHERE kind <> 'forecast' AND state IN ('queued', 'running', 'retrying');

GRANT USAGE ON SCHEMA forecast TO gridseal_service;
GRANT SELECT, INSERT, UPDATE ON forecast.requests, forecast.flows, forecast.job_runs, forecast.pages
  TO gridseal_service;
GRANT SELECT, INSERT ON forecast.model_events, forecast.alert_actions TO gridseal_service;
