"""Backup and restore of what is not in PostgreSQL: documents, the lake, the demo's chain, models."""
