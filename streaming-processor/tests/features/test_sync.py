"""Weather beside demand: only what was known, no older than fresh, and a forecast before a measurement."""

import numpy as np
import pytest

from streaming_processor.features.sync import Outlook, align

from .builders import HOUR, T0, a_track

FRESH = 3 * HOUR
OUTLOOK = Outlook(
    width_s=HOUR,
    start_s=T0 + HOUR * np.array([6, 6, 5, 6], np.int64),
    known_at_s=T0 + HOUR * np.array([3, 1, 1, 5], np.int64),
    milli=np.array([63_000, 61_000, 51_000, 65_000], np.int64),
)


@pytest.mark.parametrize(
    ("issue_hour", "value", "age_hours"),
    [(1, 61.0, 0), (2, 61.0, 1), (3, 63.0, 0), (4, 63.0, 1), (5, 65.0, 0), (9, 65.0, 4)],
)
def test_the_newest_forecast_published_by_issue_is_taken(issue_hour: int, value: float, age_hours: int) -> None:
    observed = a_track([1_000, 2_000, 3_000, 3_500, 4_000])
    issue = np.array([T0 + issue_hour * HOUR], np.int64)

    found = align(observed, OUTLOOK, np.array([T0 + 6 * HOUR]), issue, 4 * HOUR)

    assert (found.value.tolist(), found.age_s.tolist()) == ([value], [age_hours * HOUR])


def test_without_a_forecast_the_last_measurement_that_had_ended_is_taken_while_it_is_fresh() -> None:
    observed = a_track([1_000, 2_000])
    issues = T0 + HOUR * np.array([0, 1, 2, 5, 6], np.int64)

    found = align(observed, None, issues, issues, FRESH)

    assert np.array_equal(found.value, [np.nan, 1.0, 2.0, 2.0, np.nan], equal_nan=True)
    assert found.age_s.tolist() == [-1, 0, 0, 3 * HOUR, -1]


def test_a_forecast_of_another_period_is_not_taken() -> None:
    issue = np.array([T0 + 5 * HOUR], np.int64)

    found = align(None, OUTLOOK, np.array([T0 + 7 * HOUR]), issue, FRESH)

    assert np.isnan(found.value[0])
    assert found.age_s.tolist() == [-1]


def test_a_forecast_that_is_too_old_is_not_taken() -> None:
    issues = T0 + HOUR * np.array([8, 9], np.int64)

    found = align(None, OUTLOOK, np.full(2, T0 + 6 * HOUR), issues, FRESH)

    assert found.age_s.tolist() == [FRESH, -1]


def test_a_period_within_a_longer_one_of_the_forecast_is_covered() -> None:
    issue = np.array([T0 + 5 * HOUR], np.int64)

    found = align(None, OUTLOOK, np.array([T0 + 6 * HOUR + 900]), issue, FRESH)

    assert found.value.tolist() == [65.0]
