-- The primary key has the provider before the period: a look-up by period alone would read the whole series.
CREATE INDEX feed_demand_by_period ON feed_demand (series_id, period_start);
