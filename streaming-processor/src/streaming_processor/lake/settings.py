"""Every environment variable of the lake: ``LAKE_*``."""

from pydantic import Field

from gridseal.runtime.settings import PrefixedSettings, prefixed


class LakeSettings(PrefixedSettings):
    """The defaults keep the lake beside the other data of this checkout."""

    model_config = prefixed("LAKE_")

    url: str = ".local/lake"
    """A folder, or ``s3://bucket/prefix``; credentials come from the usual ``AWS_*`` variables."""
    flush_records: int = Field(default=20_000, gt=0)
    """So many Kafka records become one commit. Larger: fewer files and more memory."""
    flush_s: float = Field(default=10.0, gt=0)
    """Or what came in so many wall seconds."""
    step_messages: int = Field(default=500, gt=0)
    """Messages that Silver takes from Bronze at once; a message holds up to 1,000 readings."""
    tidy_every_s: float = Field(default=3_600.0, gt=0)
    """Wall seconds between two compactions."""
    vacuum_hours: int = Field(default=168, ge=0)
    """Files that no version of Bronze or Silver needed for so long are deleted: the reach of time travel."""
    gold_hours: int = Field(default=24 * 90, ge=0)
    """The same for Gold, whose versions are the training sets of models."""
    bronze_days: int = Field(default=0, ge=0)
    """Bronze days that are kept; 0 keeps all."""
