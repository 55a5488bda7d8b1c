"""Every environment variable of the edge agent. Defaults suit a machine started by ``local/``."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr

from gridseal.identity.receipt_keys import PUBLIC_FILE
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
    receipt_keys: Path | None = None
    """The gateway's public receipt keys, PEM. Unset: ``gateway-receipt.pub`` in the folder of ``tls_dir``."""
    queue_path: Path | None = None
    """Holds every message until its receipt. Unset: ``GRIDSEAL_STATE_DIR``/data/edge-agent/queue.db."""
    queue_sync: Literal["normal", "full"] = "normal"
    """``full`` survives loss of power at the price of a disk flush per transaction."""
    queue_max_messages: int = Field(default=1_000, ge=1)
    """Messages kept at most; the replay waits while the queue is full."""
    queue_max_bytes: int = Field(default=512 * 2**20, ge=1)
    """Payload bytes kept at most: whichever of the two limits is reached first counts."""
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

    opcua_nodes: Path | None = None
    """YAML file of ``python -m edge_agent opcua``: endpoint, devices and nodes."""
    opcua_endpoint: str | None = None
    """Stands above the ``endpoint`` in that file: ``opc.tcp://host:4840``."""
    opcua_report_period_s: int = Field(default=60, ge=1, le=86_400)
    """Samples become one reading per node and period of this length, aligned to the hour; divides a day."""
    opcua_grace_s: float = Field(default=2.0, ge=0, le=60)
    """Wait so long after a period for its last samples; must cover the longest ``publishing_ms``."""
    opcua_queue_max_messages: int = Field(default=20_000, ge=1)
    """Messages kept while the broker is away. A plant does not wait: what no longer fits is lost and counted."""
    opcua_security: Literal["none", "sign", "sign_and_encrypt"] = "none"
    """With either, Basic256Sha256 with certificates on both sides."""
    opcua_certificate: Path | None = None
    opcua_key: Path | None = None
    opcua_server_certificate: Path | None = None
    """The one certificate that the server may show."""
    opcua_application_uri: str = "urn:gridseal:edge-agent"
    """Must be the URI in the subject alternative name of ``opcua_certificate``."""
    opcua_user: str | None = None
    opcua_password: SecretStr | None = None

    status_port: int | None = None
    """Health, metrics and status. Unset: ``GRIDSEAL_PORT_BASE`` + 8004."""

    def tls_folder(self, core: CoreSettings) -> Path:
        """Where the certificates are."""
        return self.tls_dir or core.state_dir / "tls"

    def receipt_keys_file(self, core: CoreSettings) -> Path:
        """Where the keys are by which receipts are checked."""
        return self.receipt_keys or self.tls_folder(core) / PUBLIC_FILE

    def queue_file(self, core: CoreSettings) -> Path:
        """Where the queue is."""
        return self.queue_path or core.state_dir / "data" / "edge-agent" / "queue.db"

    def port(self, core: CoreSettings) -> int:
        """Where the status page listens."""
        return self.status_port or core.port_base + 8_004
