"""Computes a stored run again, from what it was computed from."""
