"""Shipped sets: one YAML file each, run by ``make backtest SET=name``."""
