-- The views of 0050 without joining the catalog a second time, and what the services read beside them: they run as
-- gridseal_service, which sees what gridseal_tenant sees. Tables of what everybody may know have no tenant.
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

CREATE OR REPLACE VIEW tenant_windows WITH (security_barrier) AS
  SELECT s.series_id, w.width_s, w.window_start, w.weighted_sum, w.covered_s, w.width_s * w.inputs AS expected_s,
         w.count, w.min_milli, w.max_milli, w.mean_milli, w.version, w.updated_at,
         CASE WHEN s.unit IN ('W', 'var', 'V.A') THEN w.weighted_sum / 3600 END AS energy_milli
  FROM window_rows w JOIN series s USING (series_no)
  WHERE s.tenant_id = (SELECT current_setting('gridseal.tenant', true));
CREATE OR REPLACE VIEW tenant_readings WITH (security_barrier) AS
  SELECT d.device_id, q.quantity, r.period_start, r.period_s, r.value_milli, l.quality, r.sent_at_ms, r.stored_at
  FROM reading_rows r JOIN devices d USING (device_no) JOIN quantities q USING (quantity_no)
       JOIN qualities l USING (quality_no)
  WHERE d.tenant_id = (SELECT current_setting('gridseal.tenant', true));
CREATE VIEW tenant_reading_rows WITH (security_barrier) AS
  SELECT r.device_no, r.period_start, r.period_s, l.quality, r.stored_at
  FROM reading_rows r JOIN devices d USING (device_no) JOIN qualities l USING (quality_no)
  WHERE d.tenant_id = (SELECT current_setting('gridseal.tenant', true));
CREATE VIEW tenant_refused WITH (security_barrier) AS
  SELECT x.device_id, x.period_start, x.reason FROM refused x JOIN devices d USING (device_id)
  WHERE d.tenant_id = (SELECT current_setting('gridseal.tenant', true));
CREATE VIEW tenant_quality_hits WITH (security_barrier) AS
  SELECT h.device_no, h.period_start, h.rule FROM quality_hits h JOIN devices d USING (device_no)
  WHERE d.tenant_id = (SELECT current_setting('gridseal.tenant', true));
GRANT SELECT ON tenant_reading_rows, tenant_refused, tenant_quality_hits TO gridseal_tenant;

-- What one tenant's models said of the demand that all may read.
DO $migrate$
DECLARE
  mine CONSTANT text := 'coalesce(nullif(current_setting(''gridseal.tenant'', true), ''''), ''demo'')';
  own CONSTANT text := 'tenant_id = (SELECT current_setting(''gridseal.tenant'', true))';
  first text := (SELECT tenant_id FROM telemetry.series LIMIT 1);
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['prediction_log', 'drift_log'] LOOP
    EXECUTE format('ALTER TABLE energy_mlops.%I ADD COLUMN tenant_id text NOT NULL DEFAULT %L',
                   name, coalesce(first, 'demo'));
    EXECUTE format('ALTER TABLE energy_mlops.%I ALTER COLUMN tenant_id SET DEFAULT %s', name, mine);
    EXECUTE format('ALTER TABLE energy_mlops.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_tenant ON energy_mlops.%I FOR SELECT TO gridseal_tenant USING (%s)', name, own);
    EXECUTE format('CREATE POLICY own_new ON energy_mlops.%I FOR INSERT TO gridseal_service WITH CHECK (%s)', name, own);
  END LOOP;
END
$migrate$;
GRANT USAGE ON SCHEMA energy_mlops TO gridseal_tenant;
GRANT SELECT ON energy_mlops.raw_demand, energy_mlops.raw_weather, energy_mlops.features, energy_mlops.prediction_log,
  energy_mlops.drift_log TO gridseal_tenant;
GRANT INSERT ON energy_mlops.prediction_log TO gridseal_service;
