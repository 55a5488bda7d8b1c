"""One file per server: how it is configured, started and asked."""
