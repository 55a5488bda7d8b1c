"""Forecasts on request, in the worker."""
