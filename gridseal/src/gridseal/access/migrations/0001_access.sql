-- Who may ask, and who did what. Moments are wall time. Shared by all services.
CREATE TABLE access.api_keys (
  key_id     text PRIMARY KEY CHECK (key_id ~ '^[a-z0-9]{12}$'),
  sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  name       text NOT NULL,
  role       text NOT NULL CHECK (role IN ('viewer', 'operator', 'authority', 'admin')),
  tenant_id  text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  revoked_at timestamptz
);
COMMENT ON COLUMN access.api_keys.sha256 IS 'of the whole key, which is kept nowhere';

CREATE TABLE access.audit (
  entry_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  tenant_id text NOT NULL,
  service   text NOT NULL,
  actor     text NOT NULL,
  role      text NOT NULL,
  action    text NOT NULL,
  method    text NOT NULL,
  path      text NOT NULL,
  status    int NOT NULL,
  reason    text NOT NULL DEFAULT '',
  address   text NOT NULL,
  trace_id  text NOT NULL
);
CREATE INDEX audit_by_time ON access.audit (tenant_id, at, entry_id);
COMMENT ON COLUMN access.audit.action IS 'operation id of the route';

CREATE FUNCTION access.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE ON access.audit
  FOR EACH ROW EXECUTE FUNCTION access.refuse_change();
CREATE TRIGGER audit_stays BEFORE TRUNCATE ON access.audit
  FOR EACH STATEMENT EXECUTE FUNCTION access.refuse_change();

-- A role without a login that sees one tenant at a time, whatever a query forgets to say. Readers take it with
-- SET LOCAL ROLE, so that it holds for them too where they own the tables or are superusers. Where the services may not
-- create roles, whoever makes the database creates this one and grants it to them.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridseal_tenant') THEN
    CREATE ROLE gridseal_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
  IF NOT pg_has_role(current_user, 'gridseal_tenant', 'MEMBER') THEN
    EXECUTE format('GRANT gridseal_tenant TO %I', current_user);
  END IF;
END $$;
GRANT USAGE ON SCHEMA access TO gridseal_tenant;
GRANT SELECT ON access.audit, access.api_keys TO gridseal_tenant;
ALTER TABLE access.audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE access.api_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON access.audit FOR SELECT TO gridseal_tenant
  USING (tenant_id = current_setting('gridseal.tenant', true));
CREATE POLICY one_tenant ON access.api_keys FOR SELECT TO gridseal_tenant
  USING (tenant_id = current_setting('gridseal.tenant', true));
