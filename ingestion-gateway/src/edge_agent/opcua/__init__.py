"""OPC-UA as a source of telemetry: nodes of a plant's server become devices with a queue and receipts."""
