"""An operator's own forecast is compared where everybody has a value, in the spread of the outcomes."""

import numpy as np

from forecast_service.backtest.beside import errors, text_of


def test_only_targets_where_everybody_has_a_value_count() -> None:
    outcomes = np.arange(8.0).reshape(1, 2, 4)
    theirs, ours = outcomes + 1, outcomes + 2
    theirs[0, 1, 3] = np.nan  # the largest outcome; our miss there would be the largest too
    ours[0, 1, 3] = 1_000

    found = errors(outcomes, {"operator": theirs, "champion": ours})

    spread = np.diff(np.percentile(np.arange(7.0), (1, 99)))[0]
    np.testing.assert_allclose(found["operator"], [1 / spread])
    np.testing.assert_allclose(found["champion"], [2 / spread])


def test_a_row_for_each_series_and_their_mean() -> None:
    found = {"operator": np.array([0.1, 0.3]), "champion": np.array([0.2, 0.2])}

    assert text_of(["a", "b"], found).splitlines()[2:] == [
        "| a | 0.1000 | 0.2000 |",
        "| b | 0.3000 | 0.2000 |",
        "| mean | 0.2000 | 0.2000 |",
    ]
