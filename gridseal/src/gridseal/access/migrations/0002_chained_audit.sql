-- Each line of the audit log carries its place in its tenant's log and the hash of the line before: a line that was
-- changed, removed or put between breaks the chain, also where whoever did it may switch triggers off. Whoever noted a
-- hash earlier can tell even a log that was written anew as a whole (gridseal audit-log verify --holds).
ALTER TABLE access.audit
  ADD COLUMN place bigint,
  ADD COLUMN previous text,
  ADD COLUMN hash text;
COMMENT ON COLUMN access.audit.place IS 'in the log of the tenant, from 1, without gaps';
COMMENT ON COLUMN access.audit.hash IS 'SHA-256 of the line with the hash before it: gridseal.access.audit_chain says how';

CREATE TABLE access.audit_heads (
  tenant_id text PRIMARY KEY,
  place     bigint NOT NULL,
  hash      text NOT NULL
);
GRANT SELECT ON access.audit_heads TO gridseal_tenant;
ALTER TABLE access.audit_heads ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON access.audit_heads FOR SELECT TO gridseal_tenant
  USING (tenant_id = current_setting('gridseal.tenant', true));

CREATE FUNCTION access.audit_hash(line access.audit) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT encode(sha256(convert_to(string_agg(octet_length(convert_to(v, 'UTF8')) || ':' || v, ',' ORDER BY n), 'UTF8')),
                'hex')
  FROM unnest(ARRAY[
    line.previous, line.place::text, (extract(epoch FROM line.at) * 1000000)::bigint::text, line.tenant_id, line.service,
    line.actor, line.role, line.action, line.method, line.path, line.status::text, line.reason, line.address,
    line.trace_id]) WITH ORDINALITY AS f (v, n)
$$;

CREATE FUNCTION access.chain_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head access.audit_heads;
BEGIN
  INSERT INTO access.audit_heads VALUES (NEW.tenant_id, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
  SELECT * INTO head FROM access.audit_heads WHERE tenant_id = NEW.tenant_id FOR UPDATE;
  NEW.place := head.place + 1;
  NEW.previous := head.hash;
  NEW.at := clock_timestamp();
  NEW.hash := access.audit_hash(NEW);
  UPDATE access.audit_heads SET place = NEW.place, hash = NEW.hash WHERE tenant_id = NEW.tenant_id;
  RETURN NEW;
END $$;

-- Lines from before stand in the chain in the order of their ids.
ALTER TABLE access.audit DISABLE TRIGGER audit_rows_stay;
DO $$
DECLARE
  line access.audit;
  head access.audit_heads;
BEGIN
  FOR line IN SELECT * FROM access.audit ORDER BY entry_id LOOP
    INSERT INTO access.audit_heads VALUES (line.tenant_id, 0, repeat('0', 64)) ON CONFLICT DO NOTHING;
    SELECT * INTO head FROM access.audit_heads WHERE tenant_id = line.tenant_id;
    line.place := head.place + 1;
    line.previous := head.hash;
    line.hash := access.audit_hash(line);
    UPDATE access.audit SET place = line.place, previous = line.previous, hash = line.hash
      WHERE entry_id = line.entry_id;
    UPDATE access.audit_heads SET place = line.place, hash = line.hash WHERE tenant_id = line.tenant_id;
  END LOOP;
END $$;
ALTER TABLE access.audit ENABLE TRIGGER audit_rows_stay;

ALTER TABLE access.audit
  ALTER COLUMN place SET NOT NULL, ALTER COLUMN previous SET NOT NULL, ALTER COLUMN hash SET NOT NULL;
CREATE UNIQUE INDEX audit_by_place ON access.audit (tenant_id, place);
CREATE TRIGGER audit_is_chained BEFORE INSERT ON access.audit FOR EACH ROW EXECUTE FUNCTION access.chain_line();
