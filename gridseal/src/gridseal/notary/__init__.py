"""Commit to a forecast and check a commitment: leaves, trees, typed data, proofs. No network.

The same rules stand in ``blockchain/contracts`` and in the dashboard; ``gridseal/vectors`` holds
golden cases that all three read.
"""
