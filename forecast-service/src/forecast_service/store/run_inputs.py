"""Table ``forecast.run_inputs``: written with each run, read by replay."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import Cursor

from forecast_service.replay.inputs import Entry, InputsUnreadableError, LineageState, RunInputs, apply_entry
from forecast_service.store.database import Pool, answering
from gridseal.wire.forecasts import ForecastRun

_LINEAGE = """
SELECT p.payload FROM forecast.run_inputs own
JOIN forecast.run_inputs p ON p.lineage = own.lineage AND p.seq <= own.seq
WHERE own.run_id = %s ORDER BY p.seq
"""


def insert_entry(cursor: Cursor[tuple[object, ...]], run_id: str, entry: Entry) -> None:
    """Within the transaction of the run."""
    cursor.execute(
        "INSERT INTO forecast.run_inputs (run_id, lineage, seq, payload) VALUES (%s, %s, %s, %s)",
        (run_id, entry.lineage, entry.seq, entry.payload),
    )


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run and what it was computed from."""

    run: ForecastRun
    inputs: RunInputs


class RunInputsReader:
    """Reads runs with their inputs. Methods block."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def read(self, run_id: str) -> StoredRun | None:
        """One run, or none of that id.

        Raises:
            InputsUnreadableError: Its inputs were not kept, or are incomplete.
            UnavailableError: PostgreSQL does not answer.
        """
        with answering(), self._pool.connection() as connection:
            row = connection.execute("SELECT document FROM forecast.runs WHERE run_id = %s", (run_id,)).fetchone()
            if row is None:
                return None
            payloads = [bytes(p[0]) for p in connection.execute(_LINEAGE, (run_id,)).fetchall()]
        return StoredRun(ForecastRun.model_validate(row[0]), _inputs(run_id, payloads))


def _inputs(run_id: str, payloads: Sequence[bytes]) -> RunInputs:
    state, inputs = LineageState(), None
    for payload in payloads:
        inputs = apply_entry(payload, state)
    if inputs is None:
        raise InputsUnreadableError(f"the inputs of run {run_id} were not kept: it is from before they were")
    return inputs
