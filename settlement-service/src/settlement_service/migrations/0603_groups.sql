-- Runs that one call of notarizeMany brings: the idempotency key of its order. Where the ERC-8281 log of a seal stands
-- in its receipt: with one batch in a transaction it is the second log.
ALTER TABLE settlement.batches ADD COLUMN group_key text;
ALTER TABLE settlement.batches ADD COLUMN log_position int NOT NULL DEFAULT 1;
CREATE INDEX batches_by_group ON settlement.batches (group_key) WHERE group_key IS NOT NULL;
