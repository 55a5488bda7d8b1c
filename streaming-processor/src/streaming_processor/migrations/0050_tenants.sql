-- Whose a device and a series are, and what gridseal_tenant sees of them. The tables of the catalog have row level
-- security; readings and windows are reached by views only, which join them with the catalog: TimescaleDB compresses no
-- hypertable that has row level security, and a policy by number on every row would cost where it protects nothing.
-- See gridseal/access/migrations/0001_access.sql: where services may not create roles, whoever makes the database has.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridseal_tenant') THEN
    CREATE ROLE gridseal_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another service was first
END $$;
ALTER TABLE devices ADD COLUMN tenant_id text NOT NULL DEFAULT 'demo';
ALTER TABLE series ADD COLUMN tenant_id text NOT NULL DEFAULT 'demo';
COMMENT ON COLUMN devices.tenant_id IS 'as the catalog says; the stream brings it up to date';

ALTER TABLE devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE series ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON devices FOR SELECT TO gridseal_tenant
  USING (tenant_id = current_setting('gridseal.tenant', true));
CREATE POLICY one_tenant ON series FOR SELECT TO gridseal_tenant
  USING (tenant_id = current_setting('gridseal.tenant', true));

CREATE VIEW tenant_readings WITH (security_barrier) AS
  SELECT r.* FROM readings r JOIN devices d USING (device_id)
  WHERE d.tenant_id = current_setting('gridseal.tenant', true);
CREATE VIEW tenant_windows WITH (security_barrier) AS
  SELECT w.* FROM windows w JOIN series s USING (series_id)
  WHERE s.tenant_id = current_setting('gridseal.tenant', true);
CREATE VIEW tenant_hits WITH (security_barrier) AS
  SELECT h.* FROM hits h JOIN devices d USING (device_id)
  WHERE d.tenant_id = current_setting('gridseal.tenant', true);

GRANT USAGE ON SCHEMA telemetry TO gridseal_tenant;
GRANT SELECT ON devices, series, tenant_readings, tenant_windows, tenant_hits TO gridseal_tenant;
