"""Takes telemetry from MQTT, checks it, and answers for it once Kafka has it."""
