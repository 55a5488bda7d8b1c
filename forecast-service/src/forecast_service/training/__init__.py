"""Fits a candidate model on stored history, judges it out of sample and promotes it, or not."""
