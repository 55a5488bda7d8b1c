"""Keeps what quantiles claim true while a model serves."""
