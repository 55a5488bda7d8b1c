"""Every environment variable of streaming-processor: ``STREAMING_PROCESSOR_*``."""

from pathlib import Path

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
    max_messages_per_batch: int = Field(default=200, gt=0)
    """Larger: faster back-fill and a longer batch. A message holds up to 1,000 readings; 50,000
    readings take about a second."""
    trigger_s: float = Field(default=0.0, ge=0)
    polling_delay_ms: int = Field(default=20, gt=0)
    """How often an idle query asks Kafka for news: less costs processor time, more costs latency."""

    recent_s: int = Field(default=172_800, gt=0)
    """Windows that end longer ago than this, in domain time, are history: in the table, not on Kafka."""
    live_s: int = Field(default=7_200, gt=0)
    """A reading whose period ended within this domain span counts for the latency of live data."""
    retry_s: float = Field(default=15.0, ge=0)
    """A server that is gone for longer ends the process, to be started again by its supervisor."""

    quality_every_s: float = Field(default=5.0, gt=0)
    """Wall seconds between two looks at silent devices and settled readings."""
    quality_lateness_s: int = Field(default=7_200, ge=0)
    """Domain seconds after which a period counts as settled: later readings need the check by hand."""
    quality_keep_days: int = Field(default=400, gt=0)
    """Domain days for which hits, conflicts and findings are kept."""
