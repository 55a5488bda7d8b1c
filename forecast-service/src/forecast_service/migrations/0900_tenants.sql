-- What gridseal_tenant sees of forecasts: runs say whose they are, and what belongs to a run follows it: the policies look
-- into forecast.runs as the same role, so that its policy decides. The services own the tables and pay nothing for it.
-- See gridseal/access/migrations/0001_access.sql: where services may not create roles, whoever makes the database has.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridseal_tenant') THEN
    CREATE ROLE gridseal_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another service was first
END $$;
ALTER TABLE forecast.runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON forecast.runs FOR SELECT TO gridseal_tenant
  USING (document ->> 'tenant_id' = current_setting('gridseal.tenant', true));

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['values', 'baseline_values', 'seals', 'scores', 'run_inputs', 'outbox'] LOOP
    EXECUTE format('ALTER TABLE forecast.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_tenant ON forecast.%I FOR SELECT TO gridseal_tenant
      USING (EXISTS (SELECT FROM forecast.runs r WHERE r.run_id = %I.run_id))', name, name);
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA forecast TO gridseal_tenant;
GRANT SELECT ON forecast.runs, forecast.values, forecast.baseline_values, forecast.seals, forecast.scores,
  forecast.run_inputs, forecast.outbox TO gridseal_tenant;
