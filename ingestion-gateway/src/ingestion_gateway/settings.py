"""Every environment variable of ingestion-gateway."""

from pathlib import Path

from pydantic import Field

from gridseal.runtime.settings import PrefixedSettings, prefixed
from gridseal.wire.topics import TelemetryClass


class GatewaySettings(PrefixedSettings):
    """Settings under ``GATEWAY_``. The servers' addresses are in ``GRIDSEAL_*``."""

    model_config = prefixed("GATEWAY_")

    port: int | None = None
    """Health, metrics and status. Unset: ``GRIDSEAL_PORT_BASE`` + 8030."""
    tls_dir: Path | None = None
    """Folder with ``ca.crt``, ``gateway.crt``, ``gateway.key``. Unset: ``GRIDSEAL_STATE_DIR``/tls."""
    receipt_key: Path | None = None
    """Ed25519 key that signs receipts, PEM. Unset: ``GRIDSEAL_STATE_DIR``/keys/gateway-receipt.key."""
    receipts_at_once: int = Field(default=100, ge=1)
    """Most receipts signed per interval, 45 µs each. With more devices waiting, a receipt covers more."""
    receipt_flush_ms: int = Field(default=200, ge=10)
    """How far the receipt book in PostgreSQL may lag; after a crash so much may be appended to Kafka twice."""
    receipts_kept_every_s: int = Field(default=900, ge=0)
    """Domain seconds between two receipts of a device that are kept for proofs; 0: none. They are cumulative, so
    the newest one before a run speaks for all messages until then."""
    receipts_kept_days: int = Field(default=35, ge=1)
    """Domain days for which they are kept: at most 96 rows a day and device, some 0.4 kB each."""
    require_signature: tuple[TelemetryClass, ...] = ()
    """Telemetry classes of which every message must be signed by its device, as JSON: ``["meter"]``."""
    key_grace_s: int = Field(default=86_400, ge=0)
    """How long a device's earlier payload key is taken after a rotation: messages made before it still wait."""
    identity_poll_s: float = Field(default=10.0, gt=0, le=60)
    """How often enrolments and revocations are read from PostgreSQL."""
    client_id: str = "ingestion-gateway"
    """The broker keeps what is unacknowledged under this name. Fixed per replica, never shared by two."""
    share_group: str = "gateway"
    """Replicas of one group read each message once. Empty: an ordinary subscription."""
    dialects: str = ""
    """Which MQTT topics carry other payloads than telemetry/1, and whose: JSON, see ``dialects/entries.py``."""
    session_expiry_s: int = Field(default=86_400, gt=0, le=4_294_967_295)
    """How long the broker holds messages for a gateway that is away."""
    receive_maximum: int = Field(default=1_000, ge=1, le=65_535)
    """Most messages in hand without PUBACK; the broker waits beyond it. Times 256 KiB is the memory bound,
    times two while lanes wait. More than the broker's ``max_inflight_messages`` changes nothing."""
    keepalive_s: int = Field(default=15, gt=0)
    reconnect_max_s: float = Field(default=4, gt=0)
    """Longest pause between two tries to reach the broker."""
    linger_ms: int = Field(default=3, ge=0)
    """How long Kafka batches wait for company. Longer: fewer requests, later PUBACKs."""
    kafka_timeout_s: float = Field(default=10.0, gt=0)
    """How long one Kafka request may take; the message itself is tried until Kafka has it."""
    receipt_interval_ms: int = Field(default=20, ge=0)
    """Receipts of a device within this time travel as one message."""
    future_limit_s: int = Field(default=900, ge=0)
    """How far beyond domain time a period may end: the clocks of devices differ. Beyond: ``quarantine``."""
    past_limit_s: int = Field(default=315_360_000, ge=0)
    """How far before domain time a period may begin; 0: any. A clock that lost its battery says 1970."""
    clock_ahead_s: int = Field(default=300, ge=0)
    """How far ahead of the gateway a device's clock may be when it sends."""
    clock_behind_s: int = Field(default=3_456_000, ge=0)
    """How far behind; 0: any. A message keeps the time of its first sending, and devices store for weeks."""
    device_rate_per_s: float = Field(default=1_000, ge=0)
    """Messages per second of one device that are served before others' surplus; 0: no difference is made."""
    device_burst: int = Field(default=5_000, ge=1)
    """How many of them may come in one go."""
    lane_messages: int = Field(default=200, ge=0)
    """Most surplus messages that wait, of all devices; well below the Receive Maximum, which they count in."""
    stall_limit_s: float = Field(default=30.0, gt=0)
    """A message in hand for longer, while Kafka answers: reconnect and send everything again."""
    catalog_quiet_s: float = Field(default=2.0, ge=0)
    """The catalog counts as read when its newest record is this old: it is published record by record."""
    stop_timeout_s: float = Field(default=5.0, gt=0)
    """How long a stop waits for Kafka to take what is in hand; the broker sends the rest again."""
