"""Serves recorded answers byte for byte, so that the feeds run against them as against the providers."""
