"""How well the quality rules find labelled anomalies."""
