"""Tests of streaming-processor."""
