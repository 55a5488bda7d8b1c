"""Prometheus figures of the OPC-UA source. No label names a node or a device."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class OpcuaMetrics:
    """Built in ``__main__`` and handed to the parts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.samples = Counter("gridseal_agent_opcua_samples", "Samples taken.", registry=registry)
        self.by_status = Counter(
            "gridseal_agent_opcua_samples_by_status",
            "Samples that are not plainly good, by the server's status code (hexadecimal, without info bits).",
            ["code"],
            registry=registry,
        )
        self.flawed = Counter(
            "gridseal_agent_opcua_samples_flawed",
            "Samples that count only in part: not_numeric, ahead_of_time, no_timestamp, late, outside_range.",
            ["reason"],
            registry=registry,
        )
        self.gaps = Counter(
            "gridseal_agent_opcua_gaps",
            "Times that samples were lost: server_overflow, sequence, own_queue, connection.",
            ["reason"],
            registry=registry,
        )
        self.periods = Counter(
            "gridseal_agent_opcua_periods",
            "Periods of nodes by quality; empty has no value.",
            ["quality"],
            registry=registry,
        )
        self.not_queued = Counter(
            "gridseal_agent_opcua_readings_not_queued", "Readings lost because the queue was full.", registry=registry
        )
        self.connected = Gauge("gridseal_agent_opcua_connected", "1 while subscribed to the server.", registry=registry)
        self.nodes = Gauge(
            "gridseal_agent_opcua_nodes",
            "Nodes of the list: subscribed, refused, unresolved.",
            ["state"],
            registry=registry,
        )
        self.connects = Counter("gridseal_agent_opcua_connects", "Connections made.", registry=registry)
