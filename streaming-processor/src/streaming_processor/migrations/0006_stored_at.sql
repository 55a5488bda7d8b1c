-- Readings may be copied straight into their table.
ALTER TABLE reading_rows ALTER COLUMN stored_at SET DEFAULT clock_timestamp();
