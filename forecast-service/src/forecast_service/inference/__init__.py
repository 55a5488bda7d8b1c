"""Loads the promoted model and serves forecasts with it."""
