-- A seal is final when its block cannot go away. Which transactions brought it stands in orders and attempts now;
-- settlement.transactions keeps those of before. tries counts how often a failed run was asked for again.
ALTER TABLE settlement.batches DROP CONSTRAINT batches_state_check;
ALTER TABLE settlement.batches ADD CONSTRAINT batches_state_check
  CHECK (state IN ('built', 'signed', 'sent', 'mined', 'final', 'late', 'failed'));
ALTER TABLE settlement.batches ADD COLUMN tries int NOT NULL DEFAULT 0;
DROP INDEX settlement.batches_mined;
CREATE INDEX batches_sealed ON settlement.batches (deployment, block_number) WHERE state IN ('mined', 'final');
CREATE INDEX batches_mined ON settlement.batches (deployment) WHERE state = 'mined';
