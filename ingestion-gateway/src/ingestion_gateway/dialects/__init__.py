"""Other languages of the field, turned into ``telemetry/1``: a file each, chosen by topic in GATEWAY_DIALECTS."""
