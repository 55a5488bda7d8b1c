"""Tests of the quality rules."""
