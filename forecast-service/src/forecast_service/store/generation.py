"""Hours of PV and wind for drift checks, from ``telemetry.windows`` and the catalog."""

from datetime import datetime

from forecast_service.catalog import Catalog
from forecast_service.monitoring.drift import FeatureTable
from forecast_service.monitoring.generation import dataset_of, generation_table
from forecast_service.store.database import Pool
from forecast_service.store.history import WindowHistory


class GenerationRows:
    """Methods block: call them from a thread."""

    def __init__(self, pool: Pool, catalog: Catalog) -> None:
        self._pool = pool
        self._catalog = catalog

    def tables(self, since: datetime, until: datetime) -> dict[str, FeatureTable]:
        """Dataset → its rows in ``[since, until)``. Nothing is kept in memory between two looks.

        Raises:
            UnavailableError: PostgreSQL does not answer or holds no telemetry yet.
        """
        known = [one for one in self._catalog.series.values() if one.forecast]
        out, history = {}, WindowHistory(self._pool)
        for dataset in sorted({name for one in known if (name := dataset_of(one)) is not None}):
            series = [one for one in known if dataset_of(one) == dataset]
            out[dataset] = generation_table(dataset, history.load(series, since, until), self._catalog.sites)
        return out
