"""A product never goes without a forecast: each series gets the best rung there is for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from forecast_service.model.analogue import AnalogueForecaster
from forecast_service.ports import Forecaster, QuantileForecast, SeriesHistory, StoredForecast
from forecast_service.products.answer import Answer, Question, answer
from forecast_service.products.plan import delivery_of
from forecast_service.products.stored import from_stored
from gridseal.wire.catalog import Product, Series

from .builders import SLOT, a_history, a_product, a_series, day_ahead

DAY = [float(h) for h in range(24)] * 60
NOTHING = [float("nan")] * 48
SLOT_S = int(SLOT.timestamp())


class Model(AnalogueForecaster):
    """Knows some series, reaches so far and no further, and fails where told to."""

    def __init__(self, knows: Sequence[str], reach_s: int = 10**9, error: Exception | None = None) -> None:
        super().__init__()
        self._knows, self._reach_s, self._error = knows, reach_s, error

    @property
    def name(self) -> str:
        return "gridseal-test"

    def forecast(
        self, histories: Sequence[SeriesHistory], slot: datetime, horizon_s: int, levels_bps: Sequence[int]
    ) -> list[QuantileForecast]:
        if self._error is not None:
            raise self._error
        known = [h for h in histories if h.series.series_id in self._knows]
        made = super().forecast(known, slot, min(horizon_s, self._reach_s), levels_bps)
        return [QuantileForecast(m.series_id, m.first_target_s, m.values_milli + 7, "lstm", 0, 0) for m in made]


def stored_for(series: Series, slot: datetime = SLOT - timedelta(hours=3)) -> StoredForecast:
    rows = np.arange(6)[:, None] * 1_000 + np.array([0, 100, 200, 300, 400])
    first_s = int(slot.timestamp()) + 3_600
    levels = (500, 2_500, 5_000, 7_500, 9_500)
    return StoredForecast(series.series_id, series.kind, first_s - 3_600, first_s, 3_600, levels, rows, 1_800)


def asked(
    champion: Forecaster | None, product: Product | None = None, stored: Mapping[str, StoredForecast] | None = None
) -> Answer:
    series = [a_series("a/load"), a_series("b/load"), a_series("c/load")]
    histories = [a_history(series[0], DAY), a_history(series[1], DAY), a_history(series[2], NOTHING)]
    question = Question(product or a_product(), SLOT, series, histories)
    return answer(question, champion, AnalogueForecaster(), lambda lacking: stored or {})


def rungs(given: Answer) -> dict[str, int]:
    return {f.series_id: f.rung for f in given.forecasts}


def test_each_series_gets_the_best_rung_there_is_for_it() -> None:
    given = asked(Model(["a/load"]), stored={"c/load": stored_for(a_series("c/load"))})

    assert rungs(given) == {"a/load": 0, "b/load": 3, "c/load": 4}
    assert given.forecaster.name == "gridseal-test"
    assert [f.series_id for f in given.stored] == ["c/load"]
    assert [f.series_id for f in given.baseline] == ["a/load", "b/load"]


def test_a_model_that_fails_is_replaced_and_its_error_told() -> None:
    given = asked(Model(["a/load"], error=RuntimeError("broken weights")))

    assert rungs(given) == {"a/load": 3, "b/load": 3}
    assert (given.forecaster.name, str(given.failure)) == ("analogue", "broken weights")


def test_without_any_history_at_all_every_known_series_is_at_rung_4() -> None:
    series = [a_series("a/load"), a_series("new/load")]

    given = answer(
        Question(a_product(), SLOT, series, []), Model(["a/load"]), AnalogueForecaster(),
        lambda lacking: {"a/load": stored_for(series[0])},
    )  # fmt: skip

    assert rungs(given) == {"a/load": 4}


def test_only_the_periods_of_the_product_are_kept() -> None:
    product = day_ahead()
    delivery = delivery_of(product, 3_600, SLOT)

    given = asked(Model(["a/load"]), product)

    assert {(f.first_target_s, len(f.values_milli)) for f in given.forecasts} == {(delivery.first_s, 24)}
    assert [f.values_milli[0, 2] for f in given.forecasts] == [10_007, 10_000]  # midnight in Berlin


def test_a_model_that_does_not_reach_the_last_period_does_not_serve() -> None:
    assert rungs(asked(Model(["a/load"], reach_s=86_400), day_ahead()))["a/load"] == 3


def test_recursion_is_an_option_of_the_product() -> None:
    direct, recursive = asked(Model(["a/load"])), asked(Model(["a/load"]), a_product(steps="recursive"))

    assert len(recursive.forecasts[0].values_milli) == 6
    assert recursive.forecasts[0].first_target_s == direct.forecasts[0].first_target_s
    # Analogues look weeks back, so each step alone says what all steps together say.
    assert np.abs(recursive.forecasts[0].values_milli - direct.forecasts[0].values_milli).max() <= 1
    assert rungs(recursive) == rungs(direct)


def test_a_stored_forecast_is_repeated_with_its_age_and_wider_bands() -> None:
    delivery, stored = delivery_of(a_product(), 3_600, SLOT), stored_for(a_series())

    made = from_stored(stored, delivery, stored.levels_bps)

    assert made is not None
    assert (made.rung, made.model, made.data_age_s) == (4, "stored", 3 * 3_600 + 1_800)
    assert made.values_milli[:3, 2].tolist() == [3_200, 4_200, 5_200]  # periods 3 to 5 of the stored run
    width = made.values_milli[:, -1] - made.values_milli[:, 0]
    assert width[:3].tolist() == pytest.approx([400 * 1.5**0.5] * 3, abs=2)
    assert (width[3:] > 5_000).all()  # not covered: the widest of what was said
    assert (np.diff(made.values_milli, axis=1) >= 0).all()


def test_the_older_the_stored_forecast_the_wider_the_bands() -> None:
    delivery, widths = delivery_of(a_product(), 3_600, SLOT), []
    for days in (1, 2, 5):
        slot = SLOT - timedelta(days=days)
        made = from_stored(stored_for(a_series(kind="home_net"), slot), delivery, (500, 5_000, 9_500))
        assert made is not None
        widths.append((made.values_milli[:, -1] - made.values_milli[:, 0]).tolist())

    assert widths == sorted(widths)
    assert widths[0] < widths[1] < widths[2]


def test_a_stored_load_never_falls_below_zero() -> None:
    made = from_stored(stored_for(a_series(), SLOT - timedelta(days=30)), delivery_of(a_product(), 3_600, SLOT), (500,))

    assert made is not None
    assert made.values_milli.min() == 0


def test_a_stored_forecast_of_another_resolution_is_no_forecast() -> None:
    stored = stored_for(a_series())

    assert from_stored(stored, delivery_of(a_product(), 900, SLOT), stored.levels_bps) is None
    assert delivery_of(a_product(), 900, SLOT).first_s == SLOT_S + 900
