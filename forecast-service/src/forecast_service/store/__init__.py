"""What forecast-service keeps and reads: PostgreSQL, the catalog on Kafka, alerts in MongoDB."""
