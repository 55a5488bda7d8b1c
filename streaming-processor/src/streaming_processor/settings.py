"""Every environment variable of streaming-processor: ``STREAMING_PROCESSOR_*``."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from gridseal.runtime.settings import PrefixedSettings, prefixed


class Settings(PrefixedSettings):
    """The defaults fit the two shared cores of one machine."""

    model_config = prefixed("STREAMING_PROCESSOR_")

    jars_dir: Path = Path(".local/jars/spark")
    """Spark's Kafka connector and what it needs: four jars, fetched by the set-up."""
    checkpoint_dir: Path = Path(".local/streaming-processor/checkpoint")
    """Progress of the query. Its id is part of the ledger's key: a new folder reads everything again,
    which stores nothing twice."""
    metrics_port: int = 28_003

    master: str = "local[2]"
    driver_memory: str = "1g"
    java_options: str = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss4m"
    sink: Literal["driver", "executors"] = "driver"
    """Who decodes, judges and copies readings into the database: the driver, which is faster on one
    machine, or each partition's task, for a cluster. Both store the same."""
    max_messages_per_batch: int = Field(default=20_000, gt=0)
    min_messages_per_batch: int = Field(default=200, gt=0)
    """The first batches take this many: safe for messages of any size."""
    max_bytes_per_batch: int = Field(default=12_000_000, gt=0)
    """Between the two a batch takes about so many bytes, by the size of the last messages. Larger:
    faster back-fill, longer batches, more memory. A reading in a large message has about 100 bytes;
    100,000 readings take about two seconds."""
    trigger_s: float = Field(default=0.0, ge=0)
    polling_delay_ms: int = Field(default=20, gt=0)
    """How often an idle query asks Kafka for news: less costs processor time, more costs latency."""

    feeds: bool = False
    """Whether a second query takes ``demand.raw``, ``weather.raw`` and ``market.raw`` in. Off: nothing is lost, the
    topics keep a week."""

    recent_s: int = Field(default=172_800, gt=0)
    """Windows that end longer ago than this, in domain time, are history: in the table, not on Kafka."""
    live_s: int = Field(default=7_200, gt=0)
    """A reading whose period ended within this domain span counts for the latency of live data."""
    hot_ttl_s: int = Field(default=604_800, gt=0)
    """A series that is silent for so long leaves Redis."""
    retention_every_s: float = Field(default=86_400.0, gt=0)
    keep_readings_days: int = Field(default=0, ge=0)
    """0 keeps for ever, as with the next three."""
    keep_windows_days: int = Field(default=0, ge=0)
    keep_refused_days: int = Field(default=90, ge=0)
    keep_latency_days: int = Field(default=7, ge=0)
    compress_after_days: int = Field(default=30, ge=0)
    """Domain days after which TimescaleDB keeps readings and windows in columns; other tiers have none. 0: never."""
    keep_ledger_batches: int = Field(default=100_000, gt=100)
    """The ledger needs the batches that Spark may hand over again (20) and those not told of yet."""
    retry_s: float = Field(default=15.0, ge=0)
    """A server that is gone for longer ends the process, to be started again by its supervisor."""

    quality_every_s: float = Field(default=5.0, gt=0)
    """Wall seconds between two looks at silent devices and settled readings."""
    quality_lateness_s: int = Field(default=7_200, ge=0)
    """Domain seconds after which a period counts as settled: later readings need the check by hand."""
    quality_keep_days: int = Field(default=400, gt=0)
    """Domain days for which hits, conflicts and findings are kept."""

    vectors: bool = True
    """Compute feature vectors of windows that close or are corrected."""
    vectors_grace_s: int = Field(default=60, ge=0)
    """Domain seconds after its end for which an incomplete window waits for the rest of its data.
    Longer: fewer corrected versions, later vectors of series with gaps."""
    vectors_windows_at_once: int = Field(default=500, gt=0)
    """Windows per portion of work; bounds memory."""
