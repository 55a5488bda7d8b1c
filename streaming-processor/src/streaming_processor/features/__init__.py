"""Feature vectors: what was known of a series, its weather and its calendar when a forecast was issued."""
