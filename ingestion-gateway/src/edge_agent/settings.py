"""Every environment variable of the edge agent. Defaults suit a machine started by ``local/``."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field

from gridseal.runtime.settings import CoreSettings, PrefixedSettings, prefixed


class AgentSettings(PrefixedSettings):
    """``EDGE_AGENT_*``. Relative paths start at the folder the process runs in."""

    model_config = prefixed("EDGE_AGENT_")

    wheel_dir: Path = Path(".local/wheels")
    """Where set-up left the wheels that carry the data sets; they belong to the checkout."""
    cache_dir: Path = Path(".local/cache/edge-agent")
    """Parsed columns, one file per data set; safe to delete."""
    tls_dir: Path | None = None
    """``ca.crt`` and ``devices/<device_id>.crt|.key``. Unset: ``GRIDSEAL_STATE_DIR``/tls."""
    queue_path: Path | None = None
    """Holds every message until its receipt. Unset: ``GRIDSEAL_STATE_DIR``/data/edge-agent/queue.db."""
    queue_sync: Literal["normal", "full"] = "normal"
    """``full`` survives loss of power at the price of a disk flush per transaction."""
    queue_max_messages: int = Field(default=1_000, ge=1)
    """Messages kept at most; the replay waits while the queue is full."""
    refused_keep_bytes: int = Field(default=64 * 2**20, ge=0)
    """Payload bytes of refused messages kept; beyond it only their row and reason are kept."""

    demo_days: int = Field(default=548, ge=0, validation_alias=AliasChoices("EDGE_AGENT_DEMO_DAYS", "DEMO_DAYS"))
    """Days of history before the domain origin that are sent first."""
    message_readings: int = Field(default=500, ge=1, le=1_000)
    """Readings packed into one message while back-filling."""
    inflight_per_device: int = Field(default=8, ge=1, le=20)
    """Messages of one device sent and not yet receipted; the brokers' own limit is 20."""
    inflight_total: int = Field(default=320, ge=1)
    """The same over all devices; below the broker's queue for the gateway, which drops what overflows."""
    receipt_timeout_s: float = Field(default=20.0, gt=0)
    """Wall seconds without a receipt after which the oldest message of a device is sent again."""

    status_port: int | None = None
    """Health, metrics and status. Unset: ``GRIDSEAL_PORT_BASE`` + 8004."""

    def tls_folder(self, core: CoreSettings) -> Path:
        """Where the certificates are."""
        return self.tls_dir or core.state_dir / "tls"

    def queue_file(self, core: CoreSettings) -> Path:
        """Where the queue is."""
        return self.queue_path or core.state_dir / "data" / "edge-agent" / "queue.db"

    def port(self, core: CoreSettings) -> int:
        """Where the status page listens."""
        return self.status_port or core.port_base + 8_004
