"""A score in whole numbers: what it rewards, its bounds, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridseal.notary.score import ONE, ActualLeaf, actual_leaf_hash, period_score

INT64 = st.integers(-(2**63), 2**63 - 1)
CAPACITY = st.integers(1, 2**64 - 1)
LEVELS = st.lists(st.integers(1, 9999), min_size=1, max_size=12, unique=True).map(sorted)


@given(LEVELS, INT64, CAPACITY, st.data())
def test_a_score_lies_between_zero_and_the_worst(
    levels: list[int], actual: int, capacity: int, data: st.DataObject
) -> None:
    values = [data.draw(INT64) for _ in levels]

    assert 0 <= period_score(levels, values, actual, capacity) <= ONE


@given(LEVELS, INT64, CAPACITY)
def test_only_the_outcome_itself_scores_zero_on_a_small_capacity(levels: list[int], actual: int, capacity: int) -> None:
    assert period_score(levels, [actual] * len(levels), actual, capacity) == 0
    if actual < 2**63 - 1:
        assert period_score(levels, [actual + 1] * len(levels), actual, 1) > 0


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30), st.integers(1, 9999), st.integers(-1000, 1000))
def test_no_value_beats_the_true_quantile_on_average(outcomes: list[int], level: int, other: int) -> None:
    """The rule is proper: over equally likely outcomes their quantile has the lowest mean score."""
    ordered = sorted(outcomes)
    quantile = ordered[-(-level * len(ordered) // 10_000) - 1]

    def total(value: int) -> int:
        return sum(period_score([level], [value], outcome, 10**6) for outcome in outcomes)

    assert total(quantile) <= total(other) + len(outcomes)  # each score is rounded down


def test_a_median_off_by_half_of_the_capacity_scores_one_half() -> None:
    assert period_score([5000], [0], 500, 1000) == ONE // 2
    assert period_score([5000], [1000], 500, 1000) == ONE // 2


@pytest.mark.parametrize("levels", [(), (0, 5000), (5000, 5000), (9000, 1000), (5000, 10_000), (-1, 5000)])
def test_levels_that_the_contract_refuses_are_refused(levels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="levels"):
        period_score(levels, [0] * len(levels), 0, 1)


def test_another_number_of_values_is_refused() -> None:
    with pytest.raises(ValueError, match="as many values as levels"):
        period_score([5000], [1, 2], 0, 1)


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_series_without_capacity_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match="capacity"):
        period_score([5000], [1], 0, capacity)


@pytest.mark.parametrize(
    "change", [{"value_milli": 2}, {"capacity_milli": 2}, {"target_start": 2}, {"series_id": "b/net"}]
)
def test_every_field_of_an_actual_is_in_its_leaf(change: dict[str, int | str]) -> None:
    fields = {"series_id": "a/net", "target_start": 1, "resolution_s": 900, "value_milli": 1, "capacity_milli": 1}
    leaf, other = ActualLeaf(**fields), ActualLeaf(**(fields | change))  # type: ignore[arg-type]

    assert actual_leaf_hash(leaf, b"s" * 32) != actual_leaf_hash(other, b"s" * 32)
    assert actual_leaf_hash(leaf, b"s" * 32) != actual_leaf_hash(leaf, b"t" * 32)
