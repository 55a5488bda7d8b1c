"""A grid answers with what was put, and with nothing in between."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecast_service.store.grid import SeriesGrid


@given(
    st.lists(st.tuples(st.integers(-5, 600), st.integers(-(10**12), 10**12)), max_size=50),
    st.integers(-20_000, 600_000),
    st.integers(0, 700_000),
)
def test_a_cut_holds_the_last_value_of_every_period_inside_it(
    puts: list[tuple[int, int]], start_s: int, span_s: int
) -> None:
    grid, step = SeriesGrid(9_000, 900), 900
    expected: dict[int, float] = {}
    for place, milli in puts:
        grid.put(np.array([9_000 + place * step]), np.array([milli]))
        if place >= 0:
            expected[9_000 + place * step] = milli / 1_000

    first, values = grid.cut(start_s, start_s + span_s)

    assert first >= start_s
    assert first - start_s < step
    for i, value in enumerate(values):
        at = first + i * step
        assert at + step <= start_s + span_s
        assert value == expected[at] if at in expected else np.isnan(value)
    assert first + len(values) * step > start_s + span_s - step


def test_a_window_off_the_grid_is_left_out() -> None:
    grid = SeriesGrid(0, 900)

    grid.put(np.array([450, 900]), np.array([1_000, 2_000]))

    assert np.nan_to_num(grid.cut(0, 1_800)[1], nan=-1).tolist() == [-1, 2]
