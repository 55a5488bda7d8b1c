"""A difference is believed when it is there, and not when it is luck."""

import numpy as np
import pytest

from forecast_service.training.statistics import compare, diebold_mariano, resampled_means, worse_after

DAY = 24


def losses(days: int, seed: int, level: float = 1.0, keep: float = 0.9) -> np.ndarray:
    """Hourly losses whose luck lasts for hours."""
    random = np.random.default_rng(seed)
    slow = np.zeros(days * DAY)
    for k in range(1, len(slow)):
        slow[k] = keep * slow[k - 1] + np.sqrt(1 - keep**2) * random.normal()
    return level + 0.3 * slow


def test_a_model_that_is_better_every_day_is_better() -> None:
    theirs = losses(14, 1)
    mine = theirs - 0.1 + 0.1 * (losses(14, 2) - 1)

    found = compare(mine, theirs, DAY)

    assert found.better(0.05)
    assert found.high < 0
    assert found.change == pytest.approx(mine.mean() / theirs.mean() - 1)


def test_no_difference_is_rarely_taken_for_one() -> None:
    taken = 0
    for seed in range(100):
        mine, theirs = losses(14, 2 * seed), losses(14, 2 * seed + 1)
        taken += compare(mine, theirs, DAY, seed).better(0.05)

    assert taken <= 10


def test_hours_that_share_their_luck_do_not_count_as_independent() -> None:
    luck = [losses(14, seed, level=0) for seed in range(40)]

    assert sum(diebold_mariano(one, 1) < 0.05 for one in luck) >= 8
    assert sum(diebold_mariano(one, DAY) < 0.05 for one in luck) <= 6


def test_too_little_is_never_enough() -> None:
    mine, theirs = np.full(3 * DAY, 0.5), np.ones(3 * DAY)

    assert not compare(mine, theirs, DAY).better(0.05)


def test_slots_that_cannot_be_judged_are_left_out() -> None:
    mine, theirs = losses(10, 1), losses(10, 2)
    mine[:48], theirs[100] = np.nan, np.nan

    assert compare(mine, theirs, DAY).slots == 240 - 49
    assert compare(np.full(9, np.nan), np.ones(9), 3).p_dm == 1.0


def test_a_bootstrap_sample_has_the_mean_of_its_values() -> None:
    values = losses(20, 5)

    assert resampled_means(values, DAY).mean() == pytest.approx(values.mean(), abs=0.01)


def test_a_loss_that_rises_is_seen_and_one_that_stays_is_not() -> None:
    before = losses(14, 1)

    assert worse_after(before, losses(7, 2, level=1.5), DAY)[1] < 0.01
    assert sum(worse_after(losses(14, seed), losses(7, 999 + seed), DAY)[1] < 0.01 for seed in range(50)) <= 4
    assert worse_after(before, losses(3, 2, level=9), DAY)[1] == 1.0
