"""Writes runs: document, values, the baseline beside them, inputs and the outbox row in one transaction."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Cursor
from psycopg.types.json import Jsonb

from forecast_service.replay.inputs import Entry, LineageWriter, RunInputs
from forecast_service.store.database import Pool, answering
from forecast_service.store.run_inputs import insert_entry
from gridseal.wire.codec import encode_dict
from gridseal.wire.forecasts import ForecastRun, SeriesForecast

_RUN = """
INSERT INTO forecast.runs (run_id, product_id, slot, version, issued_at, delivery_start, gate_closure, levels_bps,
                           model_name, model_version, model_hash, feature_hash, document)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (product_id, slot, version) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class PendingRun:
    """A run that is stored and not yet on Kafka."""

    run_id: str
    traceparent: str
    run: ForecastRun


class RunStore:
    """Table family ``forecast.runs``. Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lineage, self._lineage_lock = LineageWriter(), threading.Lock()

    def has(self, product_id: str, slot: datetime, version: int) -> bool:
        """Whether the run of a slot is there."""
        query = "SELECT 1 FROM forecast.runs WHERE product_id = %s AND slot = %s AND version = %s"
        with answering(), self._pool.connection() as connection:
            return connection.execute(query, (product_id, slot, version)).fetchone() is not None

    def write(
        self, run: ForecastRun, baseline: Sequence[SeriesForecast], traceparent: str, inputs: RunInputs | None = None
    ) -> bool:
        """Store a run with what it was computed from; ``False`` if the slot has one already, which then stands."""
        if inputs is None:
            return self._write(run, baseline, traceparent, None)
        with self._lineage_lock:
            entry = self._lineage.entry(inputs)
            new = False
            try:
                new = self._write(run, baseline, traceparent, entry)
            finally:
                self._lineage.settle(inputs, entry, stored=new)
        return new

    def _write(
        self, run: ForecastRun, baseline: Sequence[SeriesForecast], traceparent: str, entry: Entry | None
    ) -> bool:
        with answering(), self._pool.connection() as connection, connection.cursor() as cursor:
            cursor.execute(
                _RUN,
                (run.run_id, run.product_id, run.slot, run.version, run.issued_at, run.delivery_start,
                 run.gate_closure, list(run.levels_bps), run.model_name, run.model_version, run.model_hash,
                 run.feature_hash, Jsonb(encode_dict(run))),
            )  # fmt: skip
            if cursor.rowcount == 0:
                return False
            _copy_values(cursor, run)
            _copy_baseline(cursor, run.run_id, baseline)
            if entry is not None:
                insert_entry(cursor, run.run_id, entry)
            cursor.execute(
                "INSERT INTO forecast.outbox (run_id, slot, traceparent) VALUES (%s, %s, %s)",
                (run.run_id, run.slot, traceparent),
            )
        return True

    def pending(self, limit: int = 50) -> list[PendingRun]:
        """Runs that Kafka has not acknowledged, oldest first."""
        query = (
            "SELECT o.run_id, o.traceparent, r.document FROM forecast.outbox o JOIN forecast.runs r USING (run_id)"
            " WHERE o.published_at IS NULL AND o.tenant_id = current_setting('gridseal.tenant')"
            " ORDER BY o.slot LIMIT %s"
        )
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return [PendingRun(row[0], row[1], ForecastRun.model_validate(row[2])) for row in rows]

    def mark_published(self, run_id: str) -> None:
        """Kafka has it."""
        with answering(), self._pool.connection() as connection:
            connection.execute(
                "UPDATE forecast.outbox SET published_at = clock_timestamp()"
                " WHERE run_id = %s AND published_at IS NULL",
                (run_id,),
            )


def _copy_values(cursor: Cursor[tuple[object, ...]], run: ForecastRun) -> None:
    statement = (
        "COPY forecast.values (run_id, series_id, target_start, resolution_s, issued_at, values_milli, model, rung,"
        " data_age_s, weather, drift_milli) FROM STDIN"
    )
    with cursor.copy(statement) as copy:
        for s in run.series:
            for point in s.points:
                copy.write_row(
                    (run.run_id, s.series_id, point.target_start, s.resolution_s, run.issued_at,
                     list(point.values_milli), s.model, s.rung, s.data_age_s, s.weather, s.drift_milli)
                )  # fmt: skip


def _copy_baseline(cursor: Cursor[tuple[object, ...]], run_id: str, baseline: Sequence[SeriesForecast]) -> None:
    statement = "COPY forecast.baseline_values (run_id, series_id, target_start, values_milli) FROM STDIN"
    with cursor.copy(statement) as copy:
        for s in baseline:
            for point in s.points:
                copy.write_row((run_id, s.series_id, point.target_start, list(point.values_milli)))
