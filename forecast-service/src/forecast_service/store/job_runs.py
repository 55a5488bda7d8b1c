"""What was due, done and refused: table ``forecast.job_runs``."""

from dataclasses import dataclass
from datetime import datetime

from forecast_service.store.database import Pool, answering


@dataclass(frozen=True, slots=True)
class TrainingState:
    """What is known of past trainings."""

    failures: int
    """Failed in a row since the last one that ended well."""
    last_wall: datetime | None
    """Wall time at which the newest ended."""
    done_wall: datetime | None
    """Wall time at which the newest good one ended."""
    done_domain: datetime | None


class JobRuns:
    """One row per slot job; what past trainings came to."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def last_slot(self, product_id: str) -> datetime | None:
        """Newest slot that was sent to the workers."""
        row = self._one(
            "SELECT max(slot) FROM forecast.job_runs WHERE kind = 'forecast' AND product_id = %s", (product_id,)
        )
        return row[0] if row and isinstance(row[0], datetime) else None

    def follow(self, product_id: str) -> None:
        """List the flow of a product, so that it can be seen and switched off."""
        self._run(
            "INSERT INTO forecast.flows (flow, retries) VALUES ('forecast-' || %s, 3) ON CONFLICT DO NOTHING",
            (product_id,),
        )

    def enabled(self, product_id: str) -> bool:
        """Whether slots of a product are to be sent."""
        row = self._one("SELECT enabled FROM forecast.flows WHERE flow = 'forecast-' || %s", (product_id,))
        return row is None or bool(row[0])

    def missed(self) -> int:
        """Slots that went by without a job, ever."""
        row = self._one("SELECT coalesce(sum(missed), 0)::bigint FROM forecast.job_runs WHERE kind = 'forecast'", ())
        return int(str(row[0])) if row else 0

    def sent(self, job_id: str, product_id: str, slot: datetime, missed: int, domain_at: datetime) -> None:
        """A slot job went out."""
        self._run(
            "INSERT INTO forecast.job_runs (job_id, kind, flow, product_id, slot, state, missed, domain_at)"
            " VALUES (%s, 'forecast', 'forecast-' || %s, %s, %s, 'sent', %s, %s) ON CONFLICT (job_id) DO NOTHING",
            (job_id, product_id, product_id, slot, missed, domain_at),
        )

    def finished(self, job_id: str, state: str, detail: str) -> None:
        """A job ended."""
        self._run(
            "UPDATE forecast.job_runs SET state = %s, detail = %s, finished_at = clock_timestamp() WHERE job_id = %s",
            (state, detail, job_id),
        )

    def training(self) -> TrainingState:
        """Where training stands."""
        query = (
            "SELECT state, finished_at, domain_at FROM forecast.job_runs"
            " WHERE kind = 'train' AND state IN ('done', 'failed') ORDER BY started_at DESC LIMIT 50"
        )
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(query).fetchall()
        failures = 0
        for state, finished_at, domain_at in rows:
            if state == "done":
                return TrainingState(failures, rows[0][1], finished_at, domain_at)
            failures += 1
        return TrainingState(failures, rows[0][1] if rows else None, None, None)

    def _one(self, query: str, arguments: tuple[object, ...]) -> tuple[object, ...] | None:
        with answering(), self._pool.connection() as connection:
            return connection.execute(query.encode(), arguments).fetchone()

    def _run(self, query: str, arguments: tuple[object, ...]) -> None:
        with answering(), self._pool.connection() as connection:
            connection.execute(query.encode(), arguments)
