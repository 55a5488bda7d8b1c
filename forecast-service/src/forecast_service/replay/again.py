"""Issues a stored run once more, with the code that issues live runs, and compares.

The issuer gets everything through its ports as it got it then: the catalog, the windows, the clock,
the model. What it makes must be the stored run, byte for byte.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry

from forecast_service.catalog import Catalog
from forecast_service.jobs.queue import Job
from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import CalibrationPins, Forecaster, LastForecasts, SeriesHistory
from forecast_service.replay.inputs import RunInputs
from forecast_service.store.run_inputs import StoredRun
from forecast_service.store.runs import RunStore
from forecast_service.worker.issue import Issuer
from forecast_service.worker.metrics import WorkerMetrics
from gridseal.wire.catalog import CatalogMessage, Series
from gridseal.wire.codec import encode, encode_dict
from gridseal.wire.forecasts import ForecastRun, SeriesForecast


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison found. ``differences`` names fields and periods, a few of them; empty: the same bytes."""

    values: int
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the run came out as it is stored."""
        return not self.differences


class _Histories:
    """Gives out what was stored, whatever reach is asked for; a series that was read twice comes in the same order."""

    def __init__(self, histories: Sequence[SeriesHistory]) -> None:
        self._left: dict[tuple[str, int], list[SeriesHistory]] = defaultdict(list)
        for history in histories:
            self._left[history.series.series_id, history.series.resolution_s].append(history)

    def load(self, series: Sequence[Series], start: datetime, until: datetime) -> list[SeriesHistory]:
        found = []
        for one in series:
            left = self._left.get((one.series_id, one.resolution_s))
            if left:
                history = left.pop(0) if len(left) > 1 else left[0]
                found.append(SeriesHistory(one, history.start_s, history.values))
        return found


class _Captured(RunStore):
    """Keeps the run instead of storing it."""

    def __init__(self) -> None:
        self.run: ForecastRun | None = None

    def has(self, product_id: str, slot: datetime, version: int) -> bool:
        return False

    def write(
        self, run: ForecastRun, baseline: Sequence[SeriesForecast], traceparent: str, inputs: RunInputs | None = None
    ) -> bool:
        self.run = run
        return True


class _Then:
    """The clock of the issue: the job was taken some time after its slot, the run made at ``issued_at``.

    When it was taken was not kept; the slot stands for it, as the gate was still open.
    """

    def __init__(self, run: ForecastRun) -> None:
        self._moments = [run.issued_at, run.slot]

    def now(self) -> datetime:
        return self._moments.pop() if len(self._moments) > 1 else self._moments[0]

    def wall_seconds(self, span: timedelta) -> float:
        return span.total_seconds()


async def replay(
    stored: StoredRun, model: Forecaster | None, last: LastForecasts, pins: CalibrationPins | None = None
) -> Verdict:
    """Compute a run again.

    Args:
        stored: The run and its inputs.
        model: The version that served it; none where the baseline did.
        last: Earlier runs, for a series that had no telemetry at all (rung 4).
        pins: What calibration had fixed for the run's slot; none where it was issued without.
    """
    run, captured = stored.run, _Captured()
    catalog = Catalog()
    for record in stored.inputs.records:
        catalog.apply(record.key, encode(CatalogMessage(revision=1, item=record)))
    issuer = Issuer(
        catalog, _Histories(stored.inputs.histories), captured, AnalogueForecaster(), _Then(run),
        WorkerMetrics(CollectorRegistry()), run.tenant_id, reach=timedelta(0), last=last,
        pins=pins,
    )  # fmt: skip
    if model is not None:
        issuer.champions[run.product_id] = model
    outcome = await issuer.issue(Job("", run.product_id, run.slot, ""))
    values = sum(len(point.values_milli) for one in run.series for point in one.points)
    if captured.run is None:
        return Verdict(values, (f"no run came out: {outcome.detail}",))
    return Verdict(values, differences(run, captured.run))


def differences(stored: ForecastRun, made: ForecastRun, most: int = 5) -> tuple[str, ...]:
    """Where two runs differ, the first ``most`` places; empty exactly where their bytes are the same."""
    if encode(stored) == encode(made):
        return ()
    left, right = encode_dict(stored), encode_dict(made)
    heads = (name for name in left if name != "series" and left[name] != right.get(name))
    found = [f"{name}: {left[name]} became {right.get(name)}" for name in heads]
    ours = {one.series_id: one for one in made.series}
    for one in stored.series:
        other = ours.pop(one.series_id, None)
        if other is None:
            found.append(f"{one.series_id}: missing")
        elif one != other:
            found += _points(one, other)
    found += [f"{series_id}: new" for series_id in ours]
    return tuple((found or ["order of fields or series"])[:most])


def _points(one: SeriesForecast, other: SeriesForecast) -> list[str]:
    pairs = zip(one.points, other.points, strict=False)
    moved = [f"{one.series_id} at {a.target_start:%Y-%m-%dT%H:%MZ}" for a, b in pairs if a != b]
    return moved or [f"{one.series_id}: how it was made, or how far it reaches"]
