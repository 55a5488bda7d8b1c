"""REST routes of asset-service."""
