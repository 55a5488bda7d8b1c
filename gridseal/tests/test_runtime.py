"""The same in every process: settings that refuse strangers, a clock that runs faster."""

from datetime import UTC, datetime, timedelta

import pytest

from gridseal.errors import ConfigError
from gridseal.runtime.clock import SystemClock, TimeLapseClock, clock_from, floor_to
from gridseal.runtime.settings import CoreSettings, load_settings, require_loopback

ORIGIN = datetime(2026, 6, 1, tzinfo=UTC)


def test_a_misspelt_variable_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_KAFKA_BOTSTRAP", "x")

    with pytest.raises(ConfigError, match="GRIDSEAL_KAFKA_BOTSTRAP"):
        load_settings(CoreSettings)


def test_a_wrong_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDSEAL_MQTT_PORT", "many")

    with pytest.raises(ConfigError, match="GRIDSEAL_MQTT_PORT"):
        load_settings(CoreSettings)


def test_development_mode_stays_on_loopback() -> None:
    require_loopback(CoreSettings(host="127.0.0.1"))

    with pytest.raises(ConfigError, match="GRIDSEAL_HOST"):
        require_loopback(CoreSettings(host="0.0.0.0"))


def test_time_lapse_runs_from_its_origin_at_its_scale() -> None:
    clock = TimeLapseClock(origin=ORIGIN, anchor=datetime.now(UTC) - timedelta(seconds=10), scale=60)

    assert timedelta(minutes=10) <= clock.now() - ORIGIN < timedelta(minutes=11)
    assert clock.wall_seconds(timedelta(minutes=15)) == 15


def test_a_scale_without_an_origin_is_refused() -> None:
    with pytest.raises(ConfigError, match="GRIDSEAL_TIME_ORIGIN"):
        clock_from(CoreSettings(time_scale=60))

    assert isinstance(clock_from(CoreSettings()), SystemClock)


def test_slots_are_multiples_of_their_step() -> None:
    assert floor_to(ORIGIN + timedelta(minutes=44, seconds=59), 900) == ORIGIN + timedelta(minutes=30)
