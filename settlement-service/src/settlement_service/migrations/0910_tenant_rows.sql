-- The service runs as gridseal_service, under row level security: every row says whose it is, and it sees and changes
-- those of its own tenant alone, also where it works on its own: sealing, sending, following the chain.
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

CREATE FUNCTION settlement.own_of_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.tenant_id := coalesce(convert_from(NEW.document, 'UTF8')::jsonb ->> 'tenant_id', NEW.tenant_id);
  RETURN NEW;
END $$;
CREATE FUNCTION settlement.own_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.tenant_id := coalesce((SELECT tenant_id FROM settlement.batches WHERE run_id = NEW.run_id), NEW.tenant_id);
  RETURN NEW;
END $$;

DO $migrate$
DECLARE
  mine CONSTANT text := 'coalesce(nullif(current_setting(''gridseal.tenant'', true), ''''), ''demo'')';
  own CONSTANT text := 'tenant_id = (SELECT current_setting(''gridseal.tenant'', true))';
  of_runs CONSTANT text[] := ARRAY['signings', 'transactions', 'seal_events'];
  shown CONSTANT text[] := ARRAY['batches', 'signings', 'seal_events'];
  first text := (SELECT convert_from(document, 'UTF8')::jsonb ->> 'tenant_id' FROM settlement.batches LIMIT 1);
  name text;
BEGIN
  first := coalesce(first, nullif(current_setting('gridseal.tenant', true), ''), 'demo');
  FOREACH name IN ARRAY of_runs || ARRAY['batches', 'refused', 'accounts', 'orders', 'attempts', 'signin_nonces',
      'sessions', 'rounds', 'actuals', 'chain_events', 'chain_cursor', 'overrides', 'round_events', 'evidence'] LOOP
    EXECUTE format('ALTER TABLE settlement.%I ADD COLUMN tenant_id text NOT NULL DEFAULT %L', name, first);
    EXECUTE format('ALTER TABLE settlement.%I ALTER COLUMN tenant_id SET DEFAULT %s', name, mine);
    EXECUTE format('DROP POLICY IF EXISTS one_tenant ON settlement.%I', name);
    EXECUTE format('ALTER TABLE settlement.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_tenant ON settlement.%I FOR SELECT TO %I USING (%s)', name,
                   CASE WHEN name = ANY (shown) THEN 'gridseal_tenant' ELSE 'gridseal_service' END, own);
    EXECUTE format('CREATE POLICY own_new ON settlement.%I FOR INSERT TO gridseal_service WITH CHECK (%s)', name, own);
    EXECUTE format('CREATE POLICY own_kept ON settlement.%I FOR UPDATE TO gridseal_service USING (%s)', name, own);
    EXECUTE format('CREATE POLICY own_gone ON settlement.%I FOR DELETE TO gridseal_service USING (%s)', name, own);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON settlement.%I TO gridseal_service', name);
  END LOOP;
  UPDATE settlement.batches SET tenant_id = convert_from(document, 'UTF8')::jsonb ->> 'tenant_id'
    WHERE convert_from(document, 'UTF8')::jsonb ->> 'tenant_id' <> first;
  FOREACH name IN ARRAY of_runs LOOP
    EXECUTE format('UPDATE settlement.%I c SET tenant_id = b.tenant_id FROM settlement.batches b
      WHERE b.run_id = c.run_id AND b.tenant_id <> c.tenant_id', name);
    EXECUTE format('CREATE TRIGGER own_of_run BEFORE INSERT ON settlement.%I
      FOR EACH ROW EXECUTE FUNCTION settlement.own_of_run()', name);
  END LOOP;
END
$migrate$;
CREATE TRIGGER own_of_document BEFORE INSERT ON settlement.batches
  FOR EACH ROW EXECUTE FUNCTION settlement.own_of_document();
COMMENT ON COLUMN settlement.batches.tenant_id IS 'as its document says';
GRANT SELECT (tenant_id) ON settlement.batches TO gridseal_tenant;

-- What services of several tenants write about one deployment, one hash or one message.
ALTER TABLE settlement.chain_events DROP CONSTRAINT chain_events_pkey;
ALTER TABLE settlement.chain_events ADD PRIMARY KEY (tenant_id, deployment, block_number, log_index);
ALTER TABLE settlement.chain_cursor DROP CONSTRAINT chain_cursor_pkey;
ALTER TABLE settlement.chain_cursor ADD PRIMARY KEY (tenant_id, deployment);
ALTER TABLE settlement.overrides DROP CONSTRAINT overrides_pkey;
ALTER TABLE settlement.overrides ADD PRIMARY KEY (tenant_id, deployment, request_id);
ALTER TABLE settlement.evidence DROP CONSTRAINT evidence_pkey;
ALTER TABLE settlement.evidence ADD PRIMARY KEY (tenant_id, evidence_hash);
ALTER TABLE settlement.refused DROP CONSTRAINT refused_pkey;
ALTER TABLE settlement.refused ADD PRIMARY KEY (tenant_id, topic, partition, kafka_offset);
ALTER TABLE settlement.accounts DROP CONSTRAINT accounts_pkey;
ALTER TABLE settlement.accounts ADD PRIMARY KEY (tenant_id, deployment, key_name);
ALTER TABLE settlement.orders DROP CONSTRAINT orders_deployment_idempotency_key_key;
ALTER TABLE settlement.orders ADD UNIQUE (tenant_id, deployment, idempotency_key);
