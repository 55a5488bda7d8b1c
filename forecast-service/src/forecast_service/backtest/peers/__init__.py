"""What our own model is measured against. Each peer is a ``TableForecaster``."""
