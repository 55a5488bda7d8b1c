"""Pure forecasting: features, references, the network and its calibration. No store, no clock, no network."""
