"""What all dialects share: an entry, its mapper, and the way from a topic to a foreign device."""

from collections.abc import Mapping

from ingestion_gateway.dialects.entries import Entry
from ingestion_gateway.dialects.mapping import Mapper, Metric


class MappedDialect:
    """Base of the dialects: a subclass adds ``adapt``."""

    def __init__(self, entry: Entry, known: Mapping[str, Metric]) -> None:
        self._entry = entry
        self._mapper = Mapper(entry, known)

    @property
    def name(self) -> str:
        """The dialect, as in the settings."""
        return self._entry.dialect

    @property
    def place(self) -> tuple[str, str]:
        """Tenant and site of the devices."""
        return self._entry.tenant, self._entry.site
