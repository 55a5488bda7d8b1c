CREATE INDEX batches_by_hash ON settlement.batches (batch_hash);
