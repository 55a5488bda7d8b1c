"""The lake: what Kafka said, what is believed of it, and what models are trained on, as Delta tables."""
