"""Gridseal: what every service shares, and the SDK for outsiders.

``wire``     messages that cross a service boundary, with units and signs
``notary``   leaves, Merkle trees, typed-data digests and proof checks; no network
``runtime``  settings, clock, logs, metrics, health, migrations: the same in every process
``client``   REST and WebSocket client
``cli``      the ``gridseal`` command
"""

__version__ = "0.1.0"
