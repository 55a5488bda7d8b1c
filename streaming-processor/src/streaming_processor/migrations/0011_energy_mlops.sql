-- The five tables of the demand design, under its names, columns, keys and indexes, in a schema of their own.
-- That design knows one region. Here every table that holds values has a key column more, respondent or location.

CREATE SCHEMA energy_mlops;

CREATE TABLE energy_mlops.raw_demand (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    period timestamptz NOT NULL,
    respondent text NOT NULL,
    value double precision,
    ingested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (period, respondent)
);
CREATE INDEX idx_demand_period ON energy_mlops.raw_demand (period);

CREATE TABLE energy_mlops.raw_weather (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "timestamp" timestamptz NOT NULL,
    location text NOT NULL,
    temperature_2m double precision,
    relative_humidity_2m double precision,
    dewpoint_2m double precision,
    apparent_temperature double precision,
    precipitation double precision,
    snowfall double precision,
    cloud_cover double precision,
    wind_speed_10m double precision,
    wind_gusts_10m double precision,
    surface_pressure double precision,
    shortwave_radiation double precision,
    ingested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE ("timestamp", location)
);
CREATE INDEX idx_weather_timestamp ON energy_mlops.raw_weather ("timestamp");

CREATE TABLE energy_mlops.features (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "timestamp" timestamptz NOT NULL,
    respondent text NOT NULL,
    demand_mwh double precision,
    temperature double precision,
    apparent_temperature double precision,
    humidity double precision,
    wind_speed double precision,
    cloud_cover double precision,
    solar_radiation double precision,
    precipitation double precision,
    hour_of_day integer,
    day_of_week integer,
    month integer,
    is_weekend integer,
    is_holiday integer,
    demand_lag_1h double precision,
    demand_lag_24h double precision,
    demand_lag_168h double precision,
    demand_rolling_mean_24h double precision,
    demand_rolling_std_24h double precision,
    temp_squared double precision,
    cooling_degree_hours double precision,
    heating_degree_hours double precision,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE ("timestamp", respondent)
);
CREATE INDEX idx_features_timestamp ON energy_mlops.features ("timestamp");
COMMENT ON COLUMN energy_mlops.features.demand_mwh IS 'the target: null until the hour has ended';

CREATE TABLE energy_mlops.prediction_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "timestamp" timestamptz NOT NULL,
    predicted_demand double precision NOT NULL,
    actual_demand double precision,
    model_version text NOT NULL,
    prediction_made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    features_json jsonb
);
CREATE INDEX idx_predictions_timestamp ON energy_mlops.prediction_log ("timestamp");

CREATE TABLE energy_mlops.drift_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    check_timestamp timestamptz NOT NULL DEFAULT clock_timestamp(),
    dataset_drift_detected boolean NOT NULL,
    drift_share double precision NOT NULL,
    n_drifted_features integer NOT NULL,
    n_total_features integer NOT NULL,
    drift_details jsonb,
    triggered_retrain boolean NOT NULL DEFAULT false
);
