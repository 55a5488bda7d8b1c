"""No band reaches what a plant cannot do."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast_service.physics.limits import limits_of, within
from forecast_service.physics.sky import clear_sky_share
from gridseal.wire.catalog import Series, SeriesInput, SeriesKind, Site

MIDSUMMER = int(datetime(2025, 6, 21, tzinfo=UTC).timestamp())


def a_site(latitude: float = 39.74, longitude: float = -105.18) -> Site:
    return Site(
        tenant_id="demo", site_id="golden", name="Golden", region_id="demo", timezone="America/Denver",
        latitude=latitude, longitude=longitude,
    )  # fmt: skip


def a_series(kind: SeriesKind, capacity_w: int | None = 10_000, resolution_s: int = 3_600) -> Series:
    return Series(
        tenant_id="demo", series_id="golden/power", site_id="golden", name="Power", kind=kind, unit="W",
        resolution_s=resolution_s, issue_every_s=resolution_s, direction="into_grid",
        inputs=(SeriesInput(device_id="a-device", quantity="active_power"),), capacity_w=capacity_w,
    )  # fmt: skip


def test_pv_gives_nothing_at_night_and_no_more_than_a_clear_sky_by_day() -> None:
    limits = limits_of(a_series("pv"), a_site(), MIDSUMMER, 24)

    assert limits is not None
    # Sunrise in Golden is at 11:32 UTC, sunset at 02:32 UTC.
    assert limits.high_w[3:11].tolist() == [0.0] * 8
    assert (limits.high_w[12:24] > 0).all()
    assert 0 < limits.high_w[11] < limits.high_w[13] < limits.high_w[19] <= 10_000
    assert (limits.low_w == 0).all()


def test_the_period_in_which_the_sun_rises_is_open() -> None:
    quarter_hours = clear_sky_share(39.74, -105.18, MIDSUMMER + 11 * 3_600, 900, 4)

    assert quarter_hours[0] == 0  # ends at 11:15
    assert (quarter_hours[2:] > 0).all()


def test_the_polar_night_is_dark_and_the_polar_day_is_not() -> None:
    winter = int(datetime(2025, 12, 21, tzinfo=UTC).timestamp())

    assert (clear_sky_share(78.2, 15.6, winter, 3_600, 24) == 0).all()
    assert (clear_sky_share(78.2, 15.6, MIDSUMMER, 3_600, 24) > 0).all()


def test_pv_without_a_capacity_is_still_dark_at_night() -> None:
    limits = limits_of(a_series("home_pv", capacity_w=None), a_site(), MIDSUMMER, 24)

    assert limits is not None
    assert limits.high_w[5] == 0
    assert limits.high_w[18] == np.inf


def test_wind_stays_within_its_capacity_and_may_draw_a_little() -> None:
    limits = limits_of(a_series("wind"), None, MIDSUMMER, 2)

    assert limits is not None
    assert within(np.array([[-9e9, -100.0, 9e9], [0.0, 1.0, 2.0]]), limits).tolist() == [
        [-300, -100, 10_000],
        [0, 1, 2],
    ]


def test_a_load_is_never_negative() -> None:
    load = a_series("home_load").model_copy(update={"direction": "from_grid"})
    limits = limits_of(load, None, MIDSUMMER, 1)

    assert limits is not None
    assert within(np.array([[-5.0, 0.0, 9e9]]), limits).tolist() == [[0, 0, 9e9]]


@pytest.mark.parametrize("kind", ["home_net", "storage", "weather"])
def test_what_has_no_limits_here_is_left_alone(kind: SeriesKind) -> None:
    assert limits_of(a_series(kind), a_site(), MIDSUMMER, 4) is None


@given(st.lists(st.floats(-1e5, 1e5), min_size=5, max_size=5), st.integers(0, 23), st.floats(-65, 65))
def test_quantiles_in_order_stay_in_order_within_the_limits(values: list[float], hour: int, latitude: float) -> None:
    limits = limits_of(a_series("pv"), a_site(latitude=round(latitude)), MIDSUMMER + 3_600 * hour, 1)
    assert limits is not None

    cut = within(np.sort(np.array([values])), limits)

    assert (np.diff(cut) >= 0).all()
    assert (cut >= 0).all()
    assert (cut <= limits.high_w[0]).all()
