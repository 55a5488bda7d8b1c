-- What providers published, every revision of it: rows are added, never changed.
CREATE TABLE feed_demand (
    series_id    text NOT NULL,
    kind         text NOT NULL,
    provider     text NOT NULL,
    period_start timestamptz NOT NULL,
    period_s     integer NOT NULL,
    revision     integer NOT NULL,
    value        double precision NOT NULL,      -- as published, in unit
    unit         text NOT NULL,
    value_milli  bigint NOT NULL,                -- mean power of the period, mW, drawn from the grid
    known_at     timestamptz NOT NULL,
    stored_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (series_id, kind, provider, period_start, revision)
);

-- One row for each variable. issued_at is -infinity for an analysis.
CREATE TABLE feed_weather (
    location_id  text NOT NULL,
    kind         text NOT NULL,
    provider     text NOT NULL,
    model        text NOT NULL,
    issued_at    timestamptz NOT NULL,
    period_start timestamptz NOT NULL,
    period_s     integer NOT NULL,
    variable     text NOT NULL,
    revision     integer NOT NULL,
    value        double precision NOT NULL,
    unit         text NOT NULL,
    known_at     timestamptz NOT NULL,
    stored_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (location_id, kind, provider, model, variable, period_start, issued_at, revision)
);

CREATE TABLE feed_prices (
    series_id    text NOT NULL,
    market       text NOT NULL,
    auction      text NOT NULL,
    provider     text NOT NULL,
    period_start timestamptz NOT NULL,
    period_s     integer NOT NULL,
    revision     integer NOT NULL,
    value        double precision NOT NULL,
    currency     text NOT NULL,
    per          text NOT NULL,
    value_milli  bigint NOT NULL,                -- thousandths of the currency for each MWh
    known_at     timestamptz NOT NULL,
    stored_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (series_id, market, auction, provider, period_start, period_s, revision)
);

-- The newest revision of each value, with nothing that was not known at a moment: WHERE known_at <= … inside.
CREATE VIEW feed_demand_now AS
    SELECT DISTINCT ON (series_id, kind, provider, period_start) * FROM feed_demand
    ORDER BY series_id, kind, provider, period_start, revision DESC;
CREATE VIEW feed_prices_now AS
    SELECT DISTINCT ON (series_id, market, auction, provider, period_start, period_s) * FROM feed_prices
    ORDER BY series_id, market, auction, provider, period_start, period_s, revision DESC;
CREATE VIEW feed_weather_now AS
    SELECT DISTINCT ON (location_id, kind, provider, model, variable, period_start) * FROM feed_weather
    ORDER BY location_id, kind, provider, model, variable, period_start, issued_at DESC, revision DESC;
