"""What every process does the same way: settings, clock, logs, metrics, health, serving, migrations."""
