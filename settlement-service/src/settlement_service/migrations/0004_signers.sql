-- Whose seal it is: that of the forecasting authority, or that of the benchmark beside it, which has a chain of batches
-- of its own.
ALTER TABLE settlement.batches
  ADD COLUMN signer text NOT NULL DEFAULT 'forecast' CHECK (signer IN ('forecast', 'benchmark'));
CREATE INDEX batches_by_slot ON settlement.batches (product_id, slot);
