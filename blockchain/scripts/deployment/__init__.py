"""Deployment of all contracts: what is put up in which order, from which account, and where it is written down."""
