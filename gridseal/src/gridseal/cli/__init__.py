"""The ``gridseal`` command."""
