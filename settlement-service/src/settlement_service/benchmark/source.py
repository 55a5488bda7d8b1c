"""What the baseline said: ``forecast.baseline_values``, written with every run before it is announced."""

from gridseal.wire.forecasts import ForecastRun
from settlement_service.benchmark.compose import benchmark_of
from settlement_service.outbox import database
from settlement_service.runs import Pool


class Benchmarks:
    """Reads PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def beside(self, run: ForecastRun) -> ForecastRun | None:
        """The benchmark's run beside a run; none where the baseline had nothing to say."""
        async with database(), self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT series_id, target_start, values_milli FROM forecast.baseline_values WHERE run_id = %s",
                (run.run_id,),
            )
            rows = await cursor.fetchall()
        return benchmark_of(run, {(r["series_id"], r["target_start"]): tuple(r["values_milli"]) for r in rows})
