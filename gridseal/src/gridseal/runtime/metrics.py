"""Prometheus metrics: one registry a process, built in ``__main__`` and handed to the parts.

Names are base units with ``_seconds``, ``_bytes``, ``_ratio`` or ``_total``, prefixed ``gridseal_``.
Labels are bounded: stage, topic, outcome, reason, product; never a device, an asset or a hash.
"""

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector


def new_registry() -> CollectorRegistry:
    """A registry with the process's own figures."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry
