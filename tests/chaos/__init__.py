"""Kills every process of the ingestion path under load and proves that nothing is lost or doubled."""
