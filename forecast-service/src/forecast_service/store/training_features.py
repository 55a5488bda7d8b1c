"""Rows that models learn from: the table ``energy_mlops.features`` and the references kept of it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from forecast_service.monitoring.drift import FeatureTable
from forecast_service.store.database import Pool, answering
from gridseal.errors import WireError
from gridseal.wire.catalog import Series

DEMAND = "demand"
"""The dataset that the twenty columns describe."""
FEATURES = (
    "temperature", "apparent_temperature", "humidity", "wind_speed", "cloud_cover", "solar_radiation", "precipitation",
    "hour_of_day", "day_of_week", "month", "is_weekend", "is_holiday", "demand_lag_1h", "demand_lag_24h",
    "demand_lag_168h", "demand_rolling_mean_24h", "demand_rolling_std_24h", "temp_squared", "cooling_degree_hours",
    "heating_degree_hours",
)  # fmt: skip
"""S3-35 to S3-54, in its order."""
_READ = f"""
SELECT respondent, extract(epoch FROM "timestamp")::bigint, {", ".join(FEATURES)} FROM energy_mlops.features
WHERE "timestamp" >= %s AND "timestamp" < %s ORDER BY respondent, "timestamp"
"""
_STOCK = """
SELECT count(*), count(DISTINCT respondent), count(*) FILTER (WHERE demand_mwh IS NULL), max("timestamp")
FROM energy_mlops.features WHERE "timestamp" >= %s AND "timestamp" < %s
"""
_ENOUGH = """
SELECT count(*) FROM (
  SELECT 1 FROM unnest(%s::text[], %s::int[]) AS s(series_id, width_s)
  JOIN telemetry.windows w USING (series_id, width_s)
  WHERE w.covered_s >= w.expected_s LIMIT %s) found
"""


@dataclass(frozen=True, slots=True)
class Stock:
    """What the table holds of a span."""

    rows: int
    respondents: int
    without_target: int
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A kept reference and why it was made."""

    table: FeatureTable
    made_for: str
    made_at: datetime
    data_from: datetime
    data_until: datetime


class TrainingFeatures:
    """Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def read(self, since: datetime, until: datetime) -> FeatureTable:
        """Rows whose hour starts in ``[since, until)``.

        Raises:
            UnavailableError: PostgreSQL does not answer or has no such table yet.
        """
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(_READ.encode(), (since, until)).fetchall()
        values = np.array([[np.nan if v is None else v for v in row[2:]] for row in rows], dtype=np.float64)
        return FeatureTable(
            FEATURES,
            np.array([row[0] for row in rows], dtype=np.str_),
            np.array([row[1] for row in rows], dtype=np.int64),
            values.reshape(len(rows), len(FEATURES)),
        )

    def stock(self, since: datetime, until: datetime) -> Stock:
        """How much there is of a span."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute(_STOCK, (since, until)).fetchone()
        return Stock(*row) if row else Stock(0, 0, 0, None)

    def newest(self) -> datetime | None:
        """Start of the newest hour of any region."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute('SELECT max("timestamp") FROM energy_mlops.features').fetchone()
        return row[0] if row else None

    def windows(self, series: Sequence[Series], most: int) -> int:
        """Complete windows of these series, counted up to ``most``."""
        keys = ([s.series_id for s in series], [s.resolution_s for s in series])
        with answering(), self._pool.connection() as connection:
            row = connection.execute(_ENOUGH, (*keys, most)).fetchone()
        return int(row[0]) if row else 0

    def keep_reference(self, table: FeatureTable, made_for: str) -> None:
        """Keep these rows as what later days are compared with."""
        span = [datetime.fromtimestamp(int(s), UTC) for s in (table.times_s.min(), table.times_s.max())]
        with answering(), self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO forecast.drift_references (dataset, made_for, data_from, data_until, rows, parquet)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                (DEMAND, made_for, *span, len(table), to_parquet(table)),
            )

    def reference(self) -> Reference | None:
        """The newest one."""
        query = (
            "SELECT parquet, made_for, made_at, data_from, data_until FROM forecast.drift_references"
            " WHERE dataset = %s ORDER BY reference_no DESC LIMIT 1"
        )
        with answering(), self._pool.connection() as connection:
            row = connection.execute(query, (DEMAND,)).fetchone()
        return Reference(from_parquet(bytes(row[0])), *row[1:]) if row else None


def to_parquet(table: FeatureTable) -> bytes:
    """The file that S3 calls ``reference_features.parquet``."""
    columns = {
        "timestamp": pa.array(table.times_s * 1_000_000, pa.timestamp("us", "UTC")),
        "respondent": pa.array(table.respondents.tolist(), pa.string()),
    } | {name: pa.array(table.values[:, i]) for i, name in enumerate(table.names)}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="zstd")
    return out.getvalue()


def from_parquet(content: bytes) -> FeatureTable:
    """The table again.

    Raises:
        WireError: The columns are not those of a reference.
    """
    read = pq.read_table(io.BytesIO(content))
    names = tuple(name for name in read.column_names if name not in ("timestamp", "respondent"))
    if len(names) + 2 != len(read.column_names) or not names:
        raise WireError("a reference of features lacks its timestamp, respondent or features")
    return FeatureTable(
        names,
        np.array(read["respondent"].to_pylist(), dtype=np.str_),
        read["timestamp"].cast(pa.int64()).to_numpy() // 1_000_000,
        np.stack([read[name].to_numpy().astype(np.float64) for name in names], axis=1),
    )
