"""What Prometheus is told."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class SealMetrics:
    """Counters of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.settled = Counter("gridseal_seals_total", "Runs that were settled", ["outcome"], registry=registry)
        self.refused = Counter(
            "gridseal_seal_messages_refused_total", "Messages that are no run", ["reason"], registry=registry
        )
        self.of_others = Counter(
            "gridseal_seal_messages_of_others_total", "Runs of other tenants, which are not sealed here",
            registry=registry,
        )  # fmt: skip
        self.transactions = Counter(
            "gridseal_seal_transactions_total", "Transactions handed to the node", registry=registry
        )
        self.chain_errors = Counter("gridseal_seal_chain_errors_total", "Calls the node refused", registry=registry)
        self.seconds = Histogram(
            "gridseal_seal_seconds",
            "Wall seconds from the run's arrival to its block",
            buckets=(0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0),
            registry=registry,
        )
        self.writer = Gauge("gridseal_seal_writer", "1 in the process that seals", registry=registry)


class ChainMetrics:
    """Counters of the transactions of every key."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter(
            "gridseal_chain_transactions_total", "Transactions handed to the node", ["key"], registry=registry
        )
        self.included = Counter(
            "gridseal_chain_orders_total", "Orders that were settled by a block", ["key", "outcome"], registry=registry
        )
        self.replaced = Counter(
            "gridseal_chain_replacements_total", "Transactions replaced by a better offer", ["key"], registry=registry
        )
        self.lost = Counter(
            "gridseal_chain_reorganized_total", "Orders whose block went away", ["key"], registry=registry
        )
        self.gaps = Counter(
            "gridseal_chain_nonce_gaps_total", "Nonces that had to be filled", ["key"], registry=registry
        )
        self.errors = Counter("gridseal_chain_errors_total", "Calls the node refused", ["key"], registry=registry)
