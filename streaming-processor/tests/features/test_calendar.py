"""Local calendar over days of 23, 24 and 25 hours, and holidays of the region."""

import math
from datetime import UTC, datetime

import pytest

from streaming_processor.features.calendar import is_holiday, local_time
from streaming_processor.features.regions import place_of

HOUR = 3_600


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("zone", "begin", "hours"),
    [
        ("Europe/Berlin", "2026-03-28T23:00", [0, 1, *range(3, 24)]),
        ("Europe/Berlin", "2026-10-24T22:00", [0, 1, 2, 2, *range(3, 24)]),
        ("America/Los_Angeles", "2026-03-08T08:00", [0, 1, *range(3, 24)]),
        ("America/New_York", "2026-11-01T04:00", [0, 1, 1, *range(2, 24)]),
    ],
)
def test_days_of_23_and_25_hours(zone: str, begin: str, hours: list[int]) -> None:
    first = moment(begin)

    day = [local_time(zone, first + i * HOUR) for i in range(len(hours))]

    assert [d.hour_of_day for d in day] == hours
    assert local_time(zone, first + len(hours) * HOUR).hour_of_day == 0
    assert len({(d.hour_sin, d.hour_cos, d.utc_offset_h) for d in day}) == len(day)


def test_lord_howe_moves_its_clock_by_half_an_hour() -> None:
    summer_ends = moment("2026-04-04T15:00")

    before, after = local_time("Australia/Lord_Howe", summer_ends - 1), local_time("Australia/Lord_Howe", summer_ends)

    assert (before.utc_offset_h, after.utc_offset_h) == (11.0, 10.5)
    assert after.hour_of_day == 1
    assert after.hour_sin == math.sin(2 * math.pi * 5_400 / 86_400)


def test_the_weekend_begins_on_the_wall_clock() -> None:
    friday_evening_in_california = moment("2026-01-03T07:59:59")

    assert local_time("America/Los_Angeles", friday_evening_in_california).is_weekend == 0
    assert local_time("America/Los_Angeles", friday_evening_in_california + 1).is_weekend == 1
    assert local_time("UTC", friday_evening_in_california).day_of_week == 5


def test_angles_lie_on_the_circle_and_meet_at_the_turn_of_the_year() -> None:
    last, first = local_time("UTC", moment("2024-12-31T12:00")), local_time("UTC", moment("2025-01-01T12:00"))

    assert first.day_of_year_cos == 1.0
    assert math.dist((last.day_of_year_sin, last.day_of_year_cos), (0.0, 1.0)) < 0.02
    for sine, cosine in ((last.hour_sin, last.hour_cos), (last.month_sin, last.month_cos)):
        assert sine**2 + cosine**2 == pytest.approx(1)


@pytest.mark.parametrize(
    ("region", "zone", "day", "expected"),
    [
        ("us-ca-fontana", "America/Los_Angeles", "2026-07-04T20:00", True),
        ("us-ca-fontana", "America/Los_Angeles", "2026-03-31T20:00", False),  # Cesar Chavez day is of the state only
        ("us-ca-fontana", "America/Los_Angeles", "2026-07-05T05:00", True),  # still the 4th there
        ("fr-grand-est", "Europe/Paris", "2026-07-14T10:00", True),
        ("gb-england", "Europe/London", "2026-08-31T10:00", True),
        ("gb-scotland", "Europe/London", "2026-08-31T10:00", False),
        ("au-vic", "Australia/Melbourne", "2012-11-06T01:00", True),
        ("au-nsw", "Australia/Sydney", "2012-11-06T01:00", False),
        ("atlantis-north", "UTC", "2026-12-25T10:00", None),
    ],
)
def test_holidays_are_those_of_the_region_on_its_local_date(
    region: str, zone: str, day: str, expected: bool | None
) -> None:
    assert is_holiday(region, zone, moment(day)) is expected


def test_a_region_is_found_by_its_leading_parts() -> None:
    assert place_of("us-co-golden") == place_of("us")
    assert place_of("gb-wales-cardiff") != place_of("gb-england")
    assert place_of("usa") is None
