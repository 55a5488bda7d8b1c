-- What a reader is shown beside the numbers. Unknown for values from before.
ALTER TABLE forecast.values ADD COLUMN weather text, ADD COLUMN drift_milli int;
