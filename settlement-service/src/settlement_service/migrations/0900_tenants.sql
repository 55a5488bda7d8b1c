-- What gridseal_tenant sees of seals: the document of a run says whose it is. Never the secret that hides its leaves.
-- See gridseal/access/migrations/0001_access.sql: where services may not create roles, whoever makes the database has.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gridseal_tenant') THEN
    CREATE ROLE gridseal_tenant NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another service was first
END $$;
ALTER TABLE settlement.batches ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement.signings ENABLE ROW LEVEL SECURITY;
ALTER TABLE settlement.seal_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON settlement.batches FOR SELECT TO gridseal_tenant
  USING (convert_from(document, 'UTF8')::jsonb ->> 'tenant_id' = current_setting('gridseal.tenant', true));
CREATE POLICY one_tenant ON settlement.signings FOR SELECT TO gridseal_tenant
  USING (EXISTS (SELECT FROM settlement.batches b WHERE b.run_id = signings.run_id));
CREATE POLICY one_tenant ON settlement.seal_events FOR SELECT TO gridseal_tenant
  USING (EXISTS (SELECT FROM settlement.batches b WHERE b.run_id = seal_events.run_id));

GRANT USAGE ON SCHEMA settlement TO gridseal_tenant;
GRANT SELECT (run_id, product_id, slot, version, gate_closure, document, root, state, batch_hash, tx_hash, block_number,
  block_hash, block_time, authority, chain_id, registry, received_at, changed_at) ON settlement.batches
  TO gridseal_tenant;
GRANT SELECT ON settlement.signings, settlement.seal_events TO gridseal_tenant;
