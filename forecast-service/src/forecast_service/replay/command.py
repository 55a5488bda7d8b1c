"""``python -m forecast_service replay RUN_ID``: prints what came out and says it in the exit code."""

from collections.abc import Callable

from forecast_service.ports import CalibrationPins, Forecaster, LastForecasts
from forecast_service.replay.again import replay
from forecast_service.store.run_inputs import RunInputsReader
from gridseal.errors import GridsealError
from gridseal.wire.forecasts import ForecastRun

SAME, DIFFERENT, NOT_REPLAYED = 0, 1, 2
ModelOf = Callable[[ForecastRun], Forecaster | None]
"""The version that a run names; none for the baseline. Raises ``GridsealError`` where it cannot be had."""


async def replay_command(
    run_id: str, reader: RunInputsReader, last: LastForecasts, model_of: ModelOf, say: Callable[[str], None],
    pins: CalibrationPins | None = None,
) -> int:  # fmt: skip
    """Replay one run; ``SAME``, ``DIFFERENT`` or ``NOT_REPLAYED``."""
    try:
        stored = reader.read(run_id)
        if stored is None:
            say(f"not replayed: run {run_id} does not exist")
            return NOT_REPLAYED
        run = stored.run
        verdict = await replay(stored, model_of(run), last, pins)
    except GridsealError as error:
        say(f"not replayed: {error}")
        return NOT_REPLAYED
    say(
        f"{run.product_id}, slot {run.slot:%Y-%m-%dT%H:%M:%SZ}, {run.model_name}/{run.model_version}:"
        f" {len(run.series)} series, {verdict.values} values"
    )
    if verdict.same:
        say("SAME: the run came out bit for bit as it is stored")
        return SAME
    for line in verdict.differences:
        say(f"  {line}")
    say("DIFFERENT: other code or another machine than the one that issued it may round otherwise")
    return DIFFERENT
