"""The benchmark's run of a slot. Pure.

forecast-service stores, in one transaction with every run, what its baseline said about the same series and targets
at the same moment: the quantiles of what happened at that time of that weekday in past weeks. That is the
benchmark; it is sealed before the same gate, by its own authority, so that nobody can choose it afterwards.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from gridseal.wire.forecasts import ForecastRun, Point, SeriesForecast, run_id

MODEL: Final = "analogue"
VERSION: Final = "1"
RULE: Final[Mapping[str, object]] = {
    "weeks": (7, 14, 21, 28, 35, 42),
    "year": (357, 358, 359, 364, 369, 370, 371),
    "recent": (1, 2, 3, 4, 5, 6, 7),
    "enough": 3,
}
"""Days back whose same hours are the quantiles, and how few of them call for the recent days. The same as in
``forecast_service.model.analogue``; ``tests/flow/test_one_benchmark.py`` holds both together."""
MODEL_HASH: Final = "0x" + hashlib.sha256(json.dumps(RULE, sort_keys=True).encode()).hexdigest()
RUNG: Final = 3
Values = Mapping[tuple[str, datetime], tuple[int, ...]]


def benchmark_of(run: ForecastRun, baseline: Values) -> ForecastRun | None:
    """The benchmark's run beside ``run``; none where the baseline had nothing to say.

    Slot, version, gate, delivery, levels, issue time and input hash are those of ``run``: both were computed from the
    same history at the same moment.
    """
    series = tuple(_series(run, baseline))
    if not series:
        return None
    return run.model_copy(
        update={
            "run_id": run_id(run.product_id, run.slot, f"benchmark/{MODEL}/{VERSION}", run.version),
            "model_name": MODEL,
            "model_version": VERSION,
            "model_hash": MODEL_HASH,
            "series": series,
        }
    )


def _series(run: ForecastRun, baseline: Values) -> Iterable[SeriesForecast]:
    for one in run.series:
        points = tuple(
            Point(target_start=p.target_start, values_milli=baseline[one.series_id, p.target_start])
            for p in one.points
            if (one.series_id, p.target_start) in baseline
        )
        if len(points) == len(one.points):
            yield SeriesForecast(
                series_id=one.series_id, unit=one.unit, resolution_s=one.resolution_s, model=MODEL, rung=RUNG,
                data_age_s=one.data_age_s, points=points,
            )  # fmt: skip
