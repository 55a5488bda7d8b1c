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
    """One row per slot job and per training."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def last_slot(self, product_id: str) -> datetime | None:
        """Newest slot that was sent to the workers."""
        row = self._one(
            "SELECT max(slot) FROM forecast.job_runs WHERE kind = 'forecast' AND product_id = %s", (product_id,)
        )
        return row[0] if row and isinstance(row[0], datetime) else None

    def missed(self) -> int:
        """Slots that went by without a job, ever."""
        row = self._one("SELECT coalesce(sum(missed), 0)::bigint FROM forecast.job_runs WHERE kind = 'forecast'", ())
        return int(str(row[0])) if row else 0

    def sent(self, job_id: str, product_id: str, slot: datetime, missed: int, domain_at: datetime) -> None:
        """A slot job went out."""
        self._run(
            "INSERT INTO forecast.job_runs (job_id, kind, product_id, slot, state, missed, domain_at)"
            " VALUES (%s, 'forecast', %s, %s, 'sent', %s, %s) ON CONFLICT (job_id) DO NOTHING",
            (job_id, product_id, slot, missed, domain_at),
        )

    def started(self, job_id: str, attempt: int, domain_at: datetime) -> None:
        """A training began."""
        self._run(
            "INSERT INTO forecast.job_runs (job_id, kind, state, attempt, domain_at)"
            " VALUES (%s, 'train', 'running', %s, %s)",
            (job_id, attempt, domain_at),
        )

    def finished(self, job_id: str, state: str, detail: str) -> None:
        """A job ended."""
        self._run(
            "UPDATE forecast.job_runs SET state = %s, detail = %s, finished_at = clock_timestamp() WHERE job_id = %s",
            (state, detail, job_id),
        )

    def close_orphans(self) -> None:
        """Trainings that were running when the scheduler died ended with it."""
        self._run(
            "UPDATE forecast.job_runs SET state = 'failed', finished_at = clock_timestamp(),"
            " detail = 'the scheduler ended while it ran' WHERE kind = 'train' AND state = 'running'",
            (),
        )

    def training(self) -> TrainingState:
        """Where training stands."""
        query = (
            "SELECT state, finished_at, domain_at FROM forecast.job_runs"
            " WHERE kind = 'train' AND finished_at IS NOT NULL ORDER BY started_at DESC LIMIT 50"
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
