"""Scores mean what the literature says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast_service.monitoring.pinball import score

whole = st.integers(-(10**9), 10**9)


@given(st.lists(whole, min_size=3, max_size=3), whole, st.integers(1, 10**9))
def test_scores_are_never_negative_and_scale_with_the_range(values: list[int], actual: int, span: int) -> None:
    one = score(sorted(values), (500, 5_000, 9_500), actual, span)
    wide = score(sorted(values), (500, 5_000, 9_500), actual, 2 * span)

    assert all(ratio >= 0 for ratio in one.level_ratios)
    assert one.pinball_ratio == pytest.approx(2 * wide.pinball_ratio)
    assert one.covered_90 == (min(values) <= actual <= max(values))


def test_a_miss_above_a_high_level_costs_more_than_one_below() -> None:
    above = score([0], [9_000], 1_000, 1_000)
    below = score([0], [9_000], -1_000, 1_000)

    assert above.pinball_ratio == pytest.approx(0.9)
    assert below.pinball_ratio == pytest.approx(0.1)


def test_coverage_is_not_told_without_its_levels() -> None:
    assert score([1, 2], [1_000, 9_000], 1, 10).covered_90 is None
