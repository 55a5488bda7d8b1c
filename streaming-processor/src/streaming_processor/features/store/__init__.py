"""Adapters: PostgreSQL and Redis."""
