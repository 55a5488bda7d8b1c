-- Texts behind the hashes that challengers put on the chain. Whoever has a text may give it: the hash decides.
CREATE TABLE settlement.evidence (
  evidence_hash text PRIMARY KEY,
  evidence      text NOT NULL,
  told_at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Registrations of authorities are followed from now on: the contracts are read again from their first block.
DELETE FROM settlement.chain_cursor;
