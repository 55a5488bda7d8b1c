"""Stages for what providers publish: raw records become stored revisions, readings and windows."""
