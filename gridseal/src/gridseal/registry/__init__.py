"""Schemas of what travels on Kafka, in a schema registry that speaks Confluent's wire API."""
