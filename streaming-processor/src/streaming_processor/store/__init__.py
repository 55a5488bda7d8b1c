"""Where a batch goes: PostgreSQL in one transaction, then Redis, MongoDB and Kafka."""
