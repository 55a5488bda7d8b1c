-- Secrets are stored sealed (65 bytes). Plain ones of before (32 bytes) are sealed when the service starts.
ALTER TABLE settlement.batches DROP CONSTRAINT batches_secret_check;
ALTER TABLE settlement.batches ADD CONSTRAINT batches_secret_check CHECK (length(secret) IN (32, 65));
