"""``FEATURE_GROUP_*``: under which names the demand group is kept, where another system has names for it already."""

from pydantic import Field

from gridseal.errors import ConfigError
from gridseal.runtime.settings import PrefixedSettings, prefixed
from streaming_processor.features.groups import FeatureGroup, with_demand_as


class FeatureGroupSettings(PrefixedSettings):
    """Empty and 0 leave the name that the group has."""

    model_config = prefixed("FEATURE_GROUP_")

    name: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9.-]{0,62})?$")
    version: int = Field(default=0, ge=0)
    primary_keys: str = ""
    """Three names with commas between: of the region, the series and the horizon."""
    event_time: str = ""

    def groups(self) -> tuple[FeatureGroup, ...]:
        """All groups, the demand group under these names.

        Raises:
            ConfigError: Other than three keys.
        """
        keys = tuple(key.strip() for key in self.primary_keys.split(",") if key.strip())
        try:
            return with_demand_as(self.name, self.version, keys, self.event_time)
        except ValueError as error:
            raise ConfigError(f"setting FEATURE_GROUP_PRIMARY_KEYS is wrong: {error}") from error
